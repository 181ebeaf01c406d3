"""What graphs are asked on: onnxruntime here, in a process of its own, in a browser, or behind a server."""
