"""``EdgeVision/Stream-v0``: cameras along a street whose last answers must stay right.

    file                what it holds
    stream_config       settings and presets
    convoys             when events are in view of the cameras
    stream_trace        the random numbers of an episode: scenes, scores, channel, reports
    four_states         the filter of a single camera
    answer_tables       how likely answers are right, from what the edge reports
    planned_bandwidth   the bandwidth that a level needs
    stream_outlook      what a controller knows
    stream_simulator    the dynamics, and the problem of each slot
    stream_view         observation and action of agents
    stream_environment  the scalar and the vector environment

Each file imports only from files above it.
"""
