"""`/v1/fine_tuning/jobs`: a request becomes a native spec, and a native job is shown as OpenAI's object."""
