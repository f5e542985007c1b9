"""What does the user take home? Final training, the one look at the test split, ONNX, source code, card, verification."""
