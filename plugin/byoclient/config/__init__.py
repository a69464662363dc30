"""YAML text → strict, frozen configuration, with the line of everything for errors."""

from byoclient.config.models import FileConfig, LlmConfig, StrictModel
from byoclient.config.reading import read_file
from byoclient.config.section import Section
from byoclient.config.validation import OptionsContext, validate

__all__ = ["FileConfig", "LlmConfig", "OptionsContext", "Section", "StrictModel", "read_file", "validate"]
