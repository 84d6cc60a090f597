"""OpenAI's fine-tuning API: translation only, onto the same services as the native API."""
