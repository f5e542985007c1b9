"""How a tape lies in memory for the interpreter: one table of whole numbers, one stretch of float32.

All places are absolute. Values are ``(batch, features)`` row by row; a row's stride is a multiple of 16 numbers, and
what lies beyond its features is zero wherever a product reads it. Weights are kept as PyTorch names them,
``(width, features)``, with padded rows; the transposes that forward products read are made once a step.
"""

LANES = 16
"""Numbers of a vector."""

# Fields of an operation: a row of the table.
KIND, COUNT, LINKS = 0, 1, 2  # how many inputs; where in the table those of a merge are listed
X, X_ROW, X_WIDTH, X_ERRORS, WANTED = (
    3,
    4,
    5,
    6,
    7,
)  # the input, its gradient, and whether that is wanted
Y, Y_ROW, Y_WIDTH, Y_ERRORS = 8, 9, 10, 11  # the result and its gradient
WEIGHT, WEIGHT_ROW, WEIGHT_SLOPE = 12, 13, 14  # the slope is the gradient's place
TURNED, TURNED_ROW = 15, 16  # the weight transposed
BIAS, BIAS_SLOPE, HAS_BIAS, ZEROS = 17, 18, 19, 20  # a map without bias reads zeros
SCRATCH, SCRATCH_ROW = 21, 22  # what the backward pass needs
THIRD, FOURTH, FIFTH, SIXTH = 23, 24, 25, 26  # of the kind: further tensors and settings
THIRD_SLOPE, FOURTH_SLOPE = 27, 28
COLUMNS, INSIDE, OUTSIDE = (
    29,
    30,
    31,
)  # of the rows that an entry reads; features of a column's code and its image
COPIES = 32  # of the result: a row for each example, or for each member of an ensemble
FIELDS = 33

# Fields of a merge's input.
LINK, LINK_ROW, LINK_WIDTH, LINK_ERRORS = 0, 1, 2, 3
LINK_FIELDS = 4

# Kinds. Groups lie together, since the interpreter asks for the group first.
NUMERIC, BINS, COSINES, EMBEDDING, TEXT = 0, 1, 2, 3, 4
LINEAR, GLU, SCALE, DROPOUT = 5, 6, 7, 8
RELU, HARD_SIGMOID, GELU, SILU, TANH, SIGMOID = 9, 10, 11, 12, 13, 14
BATCH_NORM, LAYER_NORM, RMS_NORM = 15, 16, 17
ADD, MULTIPLY, CONCATENATE = 18, 19, 20
SPREAD, OWN, VOTE = 21, 22, 23

# Choices of a training, by place.
PROBLEM, OPTIMIZER, TRAINING, OPERATIONS = 0, 1, 2, 3
BINARY, CLASSES, REGRESSION = 0, 1, 2
ADAMW, NADAMW, SGD = 0, 1, 2

# Its shares, by place, and its clock: steps so far, NAdam's product of momenta, sum of the losses.
SMOOTHING, DECAY = 0, 1
STEPS, MOMENTA, LOSS = 0, 1, 2

# Distances from a parameter to its slope and moments, kept with the stretches.
