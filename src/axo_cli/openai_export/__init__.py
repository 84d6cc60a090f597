"""An export of OpenAI's files and jobs: reading it, seeing what can be trained of it, and queueing that."""
