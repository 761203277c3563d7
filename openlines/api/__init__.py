"""The REST interface of the custom channel, with its OpenAPI description at ``/api/docs``."""
