"""Comparing controllers: evaluation on common random numbers, statistics, reports and the demonstration.

``evaluate.evaluate(EvaluationConfig(...))`` scores any mix of classical and learned policies, ``report.write_report``
turns the result into tables, plots and one self-contained page, ``demo.run_demo`` does both after training an agent.
"""
