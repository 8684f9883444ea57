"""Encoder parts: networks into the space in which a distance compares."""

from prosemble.encoders.base import Encoder, encode, layer_activation
from prosemble.encoders.convolutional import CNN
from prosemble.encoders.dense import MLP, Identity, Linear
from prosemble.encoders.module import FromModule, from_module

__all__ = ["CNN", "MLP", "Encoder", "FromModule", "Identity", "Linear", "encode", "from_module", "layer_activation"]
