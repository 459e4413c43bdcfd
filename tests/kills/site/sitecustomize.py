"""Python runs this by itself in every process that has this folder on its path.

Only the kill campaign puts it there. The product has no switch for tests and no part in this.
"""

import os

if "KILLS_DOOR" in os.environ:
    import held_open

    held_open.install()
