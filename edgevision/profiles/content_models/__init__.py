"""Models of the accuracy on each content: predicted by features that the device knows, not a mean over contents.

``accuracy_model`` holds the model, its files and those that come with the package; it needs NumPy only.
``train_content`` trains a model with scikit-learn, whose trees ``tree_boxes`` turns into plain arrays.
"""
