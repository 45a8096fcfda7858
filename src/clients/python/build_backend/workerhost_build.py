"""The build of the package: setuptools', after the stubs and the version were written into it."""

import pathlib
import subprocess
import sys

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F401,F403 -- the hooks that need nothing more


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    _generate()
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    _generate()
    return build_meta.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    _generate()
    return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)


def prepare_metadata_for_build_editable(metadata_directory, config_settings=None):
    _generate()
    return build_meta.prepare_metadata_for_build_editable(metadata_directory, config_settings)


def _generate():
    # In an unpacked source distribution there is no repository around the package, and all is there already.
    script = pathlib.Path(__file__).resolve().parents[1] / "generate"
    if (script.resolve().parents[3] / "protos").is_dir():
        subprocess.run([sys.executable, str(script)], check=True)
