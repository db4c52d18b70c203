"""The gRPC status of every kind of error, which is all that tells a client whether to retry.

The official client repeats RESOURCE_EXHAUSTED and UNAVAILABLE by itself and shows the text of all
others at once (spec/sdk_grpc.md 8).
"""

import grpc

from predictor import errors

_INVALID = grpc.StatusCode.INVALID_ARGUMENT
_MISSING = grpc.StatusCode.FAILED_PRECONDITION
# A kind that is not here has the status of the kind that it is a special case of.
STATUS: dict[type[errors.AllelensError], grpc.StatusCode] = {
    errors.AllelensError: _INVALID,
    errors.UnknownEngineError: grpc.StatusCode.NOT_FOUND,
    errors.UnknownAssemblyError: grpc.StatusCode.NOT_FOUND,
    errors.UnknownModelVersionError: grpc.StatusCode.NOT_FOUND,
    # Something is not installed here; the same request works once it is.
    errors.EngineNotInstalledError: _MISSING,
    errors.GenomeMissingError: _MISSING,
    errors.AnnotationError: _MISSING,
    errors.ScoringDataMissingError: _MISSING,
    errors.NotSupportedError: grpc.StatusCode.UNIMPLEMENTED,
    errors.UnauthenticatedError: grpc.StatusCode.UNAUTHENTICATED,
    errors.QuotaExceededError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.ServiceBusyError: grpc.StatusCode.UNAVAILABLE,
    errors.HostedServiceError: _MISSING,
}


def status_of(error: errors.AllelensError) -> grpc.StatusCode:
    """The status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
