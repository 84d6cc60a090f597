"""What the hardware is doing, once a second. A make of GPU is one file here, and a line in `driver.open_driver`."""
