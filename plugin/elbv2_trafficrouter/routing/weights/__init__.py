"""Weights of the rules that a Rollout names: shares as numbers, plan, writes, verification."""
