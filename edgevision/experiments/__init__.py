"""Compare controllers: evaluation on common random numbers, statistics, reports and the demonstration.

``evaluation.evaluate.evaluate`` scores any mix of classical and learned policies, ``report.files.write_report`` writes
tables, plots and one self-contained page, and ``demo.run_demo`` trains an agent and then does both.
"""
