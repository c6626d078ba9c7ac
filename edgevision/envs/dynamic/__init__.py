"""``EdgeVision/Dynamic-v0``: requests that wait, batteries, and known routes.

    file                 what it holds
    dynamic_config       settings and presets
    dynamic_trace        the random numbers of an episode: routes, channel, arrivals
    request_queue        requests that wait in the cameras
    dynamic_simulator    the dynamics, and the problem of each slot
    dynamic_view         observation and action of agents
    dynamic_environment  the scalar and the vector environment

Each file imports only from files above it.
"""
