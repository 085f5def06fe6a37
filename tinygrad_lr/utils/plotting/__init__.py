"""Pictures of models without Graphviz, from what is shown to what is drawn.

``diagram`` decides which boxes and arrows there are; ``layered`` lays one graph out,
``nested`` those with models inside; ``svg`` draws the result, and ``dot`` writes the
diagram for Graphviz. :mod:`tinygrad_lr.utils.plot` has the functions for users.
"""
