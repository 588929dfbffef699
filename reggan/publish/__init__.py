"""Publishing on the Hugging Face Hub: `python -m reggan.publish`."""
