"""How good a model is: bits a note beside baselines, and what its replies are like. Needs the extra `train`."""
