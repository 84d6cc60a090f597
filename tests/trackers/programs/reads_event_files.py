"""Prints the steps of `train/loss` in TensorBoard's event files, read by TensorBoard itself: FOLDER."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

accumulator = EventAccumulator(sys.argv[1])
accumulator.Reload()
print(json.dumps([event.step for event in accumulator.Scalars("train/loss")]))
