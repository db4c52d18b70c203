"""What callers of `predictor` may catch: every error carries a sentence for people."""


class AllelensError(Exception):
    """An error whose message may be shown to a person as it stands.

    Attributes:
      code: stable snake_case name of the kind of error, used in the API.
      message: one sentence: what was found, what was expected, what to do.
      field: the input field it belongs to, where there is one.
    """

    code = "error"

    def __init__(self, message: str, *, field: str | None = None):
        super().__init__(message)
        self.message = message
        self.field = field


# Genome and variants


class UnknownChromosomeError(AllelensError):
    """The assembly has no chromosome of that name."""

    code = "unknown_chromosome"


class PositionOutsideChromosomeError(AllelensError):
    """A position or an interval lies beyond the ends of its chromosome."""

    code = "position_outside_chromosome"


class InvalidIntervalError(AllelensError):
    """A text that should be an interval cannot be read as one."""

    code = "invalid_interval"


class InvalidVariantError(AllelensError):
    """A text that should be a variant cannot be read as one."""

    code = "invalid_variant"


class InvalidAlleleError(AllelensError):
    """An allele is missing, symbolic, or holds letters outside ACGTN."""

    code = "invalid_allele"


class SameAllelesError(AllelensError):
    """REF and ALT are the same bases, so nothing changes."""

    code = "same_alleles"


class ReferenceMismatchError(AllelensError):
    """The reference bases of a variant are not those of the assembly.

    Attributes:
      expected: the reference bases that the variant states.
      found: the bases that the assembly has there.
      swap: text of the variant with REF and ALT exchanged, where that one agrees with the
        assembly; None otherwise.
    """

    code = "reference_mismatch"

    def __init__(
        self,
        message: str,
        *,
        expected: str,
        found: str,
        swap: str | None = None,
        field: str | None = None,
    ):
        super().__init__(message, field=field)
        self.expected = expected
        self.found = found
        self.swap = swap


class InsertionTooLongError(AllelensError):
    """An insertion does not fit into the window."""

    code = "insertion_too_long"


class OverlappingVariantsError(AllelensError):
    """Two variants of one haplotype change the same bases."""

    code = "overlapping_variants"


class VariantOutsideIntervalError(AllelensError):
    """A variant does not start inside the interval that is to be predicted."""

    code = "variant_outside_interval"


class InvalidSequenceError(AllelensError):
    """A sequence holds letters outside ACGTN, or does not fit its interval."""

    code = "invalid_sequence"


class GenomeMissingError(AllelensError):
    """The files of an assembly are not installed, or cannot be read."""

    code = "genome_missing"


class AnnotationError(AllelensError):
    """A gene annotation file cannot be read."""

    code = "invalid_annotation"


# Scoring


class InvalidScorerError(AllelensError):
    """A scorer, or a list of scorers, cannot be used as it was asked for."""

    code = "invalid_scorer"


class InvalidScoringRequestError(AllelensError):
    """The intervals and variants of a scoring request do not belong together."""

    code = "invalid_scoring_request"


class ScoringDataMissingError(AllelensError):
    """A scorer needs genes or polyadenylation sites that are not installed."""

    code = "scoring_data_missing"


class ScoringLimitError(AllelensError):
    """A scorer is asked for more genes or sites than it takes."""

    code = "scoring_limit"


class CalibrationError(AllelensError):
    """A table of background scores cannot be read, or belongs to other weights."""

    code = "invalid_calibration"


class UnknownAssemblyError(AllelensError):
    """There is no assembly of that name to install."""

    code = "unknown_assembly"


class InvalidFastaError(AllelensError):
    """A file is no FASTA file, or one that cannot be indexed."""

    code = "invalid_fasta"


class AssemblyMismatchError(AllelensError):
    """An annotation belongs to another assembly than the sequence."""

    code = "assembly_mismatch"


class InstallationError(AllelensError):
    """A genome cannot be installed in the way that was asked for."""

    code = "installation_refused"


class DownloadError(AllelensError):
    """A file cannot be fetched."""

    code = "download_failed"


class ChecksumError(AllelensError):
    """A file is not the one that was expected."""

    code = "wrong_checksum"


# Tracks


class UnknownOntologyTermError(AllelensError):
    """An ontology CURIE is malformed, or no track of the engine has it."""

    code = "unknown_ontology_term"


class UnknownOutputTypeError(AllelensError):
    """A name is not one of the eleven output types."""

    code = "unknown_output_type"


class OutputNotAvailableError(AllelensError):
    """A cell type (or an organism) lacks an output type."""

    code = "output_not_available"


# Engines


class UnknownEngineError(AllelensError):
    """There is no engine of that name."""

    code = "unknown_engine"


class EngineNotInstalledError(AllelensError):
    """The engine is known, but something it needs is not installed."""

    code = "engine_not_installed"


class WeightsMissingError(EngineNotInstalledError):
    """The weights of an engine are absent or unreadable."""

    code = "weights_missing"


class UnsupportedWindowError(AllelensError):
    """The engine does not accept an interval or a sequence of this length."""

    code = "unsupported_window"


class UnsupportedOrganismError(AllelensError):
    """The engine has no tracks, or no genome, for this organism."""

    code = "unsupported_organism"


class NotSupportedError(AllelensError):
    """The engine cannot do what was asked."""

    code = "not_supported"


# Service


class UnknownModelVersionError(AllelensError):
    """The service has no such model version."""

    code = "unknown_model_version"


class UnauthenticatedError(AllelensError):
    """A caller of the service has no valid key."""

    code = "unauthenticated"


class QuotaExceededError(AllelensError):
    """A caller has asked for more than the limit; later it will work."""

    code = "quota_exceeded"


class ServiceRefusedError(AllelensError):
    """The service cannot be started as it was asked for."""

    code = "service_refused"


class HostedServiceError(AllelensError):
    """The hosted service refuses, does not answer, or answers something unexpected."""

    code = "hosted_service"


class ServiceBusyError(AllelensError):
    """The hosted service was busy for longer than one waits for it; later it will work."""

    code = "service_busy"


class NotEnoughMemoryError(AllelensError):
    """The memory of the device is not enough for what was asked."""

    code = "not_enough_memory"
