"""The whole service under one supervisor in one terminal: queue server, API and a worker."""
