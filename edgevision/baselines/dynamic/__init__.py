"""Policies for ``EdgeVision/Dynamic-v0``: each sets a price of energy and a value of waiting, and one solver allocates.

file               what it holds
send_values        what a request is worth at given bandwidths and a given price of energy
priced             the solver of a slot at given prices; at prices of 0 it is the policy ``myopic``
waiting            values of waiting that several policies share
pace               spend at most a constant fraction of the battery per expected request
lagrangian         a constant price of energy
lyapunov           a price from a virtual queue of energy: drift plus penalty
adaptive           a price from the battery left per expected request; waiting is worth more with more slack
look_ahead         the same price; waiting is worth what the known route promises
mpc                the same price; waiting by the best stopping rule on the predicted channel
episode_bound      the certified bound on whole episodes, with the future known
planned_sending    carries out the bound's plan
price_view         prices as the actions of an agent
price_environment  ``EdgeVision/Dynamic-Price-v0``
"""
