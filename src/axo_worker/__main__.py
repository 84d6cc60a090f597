"""`python -m axo_worker`: this host's agent."""

import sys

import structlog

from axo_observability import logs
from axo_observability.traces import TracesNotInstalled, tracer
from axo_worker.agent import Agent, on_signals
from axo_worker.settings import Settings


def main() -> int:
    """Run the agent until it is asked to leave. Return the exit status."""
    settings = Settings()
    logs.configure(settings.log_format, settings.log_level)
    try:
        tracer(settings.otlp_endpoint, "axo-worker").close()
    except TracesNotInstalled as error:
        structlog.get_logger().error(str(error))
        return 1
    agent = Agent(settings)
    on_signals(agent)
    try:
        agent.run()
    except BlockingIOError:
        structlog.get_logger().error("another worker uses this home", home=str(settings.worker_home))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
