"""Benchmarks of Counterfoil, as ratios within one run; `python -m bench --help`."""
