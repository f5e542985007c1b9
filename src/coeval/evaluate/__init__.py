"""How good is a candidate? Training and scoring it, refusing what cannot fit, and the hand-made baselines beside it."""
