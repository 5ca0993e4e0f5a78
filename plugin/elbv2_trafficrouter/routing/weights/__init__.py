"""The weights in the rules that a Rollout names: shares as integers, the plan, writes, verification."""
