"""The benchmark: a frozen suite of tasks, entries that are scored on it, and their table.

suite          what is scored: environments, settings, episodes, and the two ends of the normalised score
freeze         measures what a suite holds besides its choice of tasks
results        the record of an entry: its scores, how it was made, and where its policy is
run            scores a policy on the tasks of the suite
policy_bundle  the files of a learned policy: packed for a submission, and checked before they are loaded
submission     packs an entry, and scores a stranger's entry again
table          the table and the plot of all entries
"""
