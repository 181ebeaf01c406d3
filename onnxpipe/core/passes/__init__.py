"""What is done to a whole graph once it is written: cheaper refusals, fewer operators, older opsets."""
