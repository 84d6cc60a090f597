"""Trains to its end, and loses a tracker on the way."""

import standin

standin.report("tracker", name="MLflow", run="5c1", url="http://mlflow.internal/#/runs/5c1")
standin.begin(1)
standin.report("tracker_lost", name="MLflow", message="MlflowException: no answer")
standin.metric(1, 1, loss=1.0)
standin.end(1)
