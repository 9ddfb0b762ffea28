"""What surrounds the app at the network, from the outside in."""

from starlette.middleware import Middleware

from pages.components.web.connections import ConnectionLimits
from pages.components.web.first_load import FirstLoad
from pages.components.web.headers import ClosedPaths, SecurityHeaders
from pages.components.web.lab_home import LabHome
from pages.components.web.messages import MessageLimits
from pages.components.web.static_files import CompressedFiles, IconFont
from pages.components.web.uploads import UploadLimits

LAYERS = (
    ConnectionLimits, SecurityHeaders, ClosedPaths, LabHome, CompressedFiles, IconFont, FirstLoad, MessageLimits,
    UploadLimits,
)  # fmt: skip
MIDDLEWARE = [Middleware(layer) for layer in LAYERS]
