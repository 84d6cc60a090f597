"""What a job's start asks: would Axolotl accept this config, before anything is prepared and a GPU is touched?"""

import structlog

from axo_contracts.lifecycle import EndReason
from axo_contracts.orders import RunOrder
from axo_contracts.questions import Refused, ValidateQuestion, device_of, sentence_of
from axo_worker.failures import sentence_with
from axo_worker.helping.client import NotThere, ask
from axo_worker.settings import Settings
from axo_worker.telemetry.finding import find_driver

PATIENCE_SECONDS = 2.0

log = structlog.get_logger()


def refusal(order: RunOrder, settings: Settings) -> str | None:
    """Return why Axolotl refuses the order's config, for a person, or None.

    A helper that is not there or does not answer holds nobody up: the trainer validates its config itself.
    """
    if not settings.has_helper:
        return None
    gpus = find_driver(cpu_only=not order.gpus).driver.gpus()
    device = device_of(tuple(gpu for gpu in gpus if gpu.index in order.gpus))
    question = ValidateQuestion(config=order.config, device=device)
    try:
        answer = ask(settings.worker_home, question, seconds=PATIENCE_SECONDS)
    except NotThere as error:
        log.info("the config is left to the trainer to check", job_id=order.job_id, reason=str(error))
        return None
    if not isinstance(answer, Refused):
        return None
    return sentence_with(EndReason.BAD_CONFIG, sentence_of(answer.errors))
