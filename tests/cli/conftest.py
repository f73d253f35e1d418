"""The command line, run in this process."""

import pytest

from vai_inspect import cli


@pytest.fixture
def vai_inspect(capsys):
    """Returns a function that runs a command and returns exit code, output and error output."""

    def run(*args):
        with pytest.raises(SystemExit) as ended:
            cli.main(list(args))
        out, err = capsys.readouterr()
        return ended.value.code, out, err

    return run
