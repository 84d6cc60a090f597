"""Says that all is well, and leaves half of its weights."""

import standin

standin.begin(1)
standin.end(1)
weights = standin.OUTPUTS / "adapter_model.safetensors"
weights.write_bytes(weights.read_bytes()[:-2])
