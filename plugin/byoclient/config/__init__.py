"""YAML text → strict, frozen configuration, with the line of everything for errors."""

from byoclient.config.context import OptionsContext
from byoclient.config.models import LenientModel, LlmConfig, StrictModel
from byoclient.config.reading import read_file
from byoclient.config.section import Section
from byoclient.config.validation import validate

__all__ = ["LenientModel", "LlmConfig", "OptionsContext", "Section", "StrictModel", "read_file", "validate"]
