"""Trains to the end, while an older checkpoint of it is being removed by the control plane."""

from standin import OUTPUTS, train, write_weights

train(2, step_seconds=0.0)
going = OUTPUTS / ".checkpoint-1.removed"
going.mkdir()
write_weights(going / "adapter_model.safetensors")
