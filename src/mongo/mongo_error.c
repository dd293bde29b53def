/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/idiom.h"
#include "base/log.h"
#include "base/metrics.h"
#include "mongo/driver.h"

/* What a server's code means. */
enum kind {
    KIND_AWAY,      /* the server could not do it: nothing was done */
    KIND_LOST,      /* the node that worked on it is gone: an order may have been carried out */
    KIND_CUT,       /* interrupted by a server that is still there: the same */
    KIND_UNCERTAIN, /* written, and no majority is known to have it */
    KIND_AGAIN,     /* nothing was done, and the next try may be luckier */
    KIND_CHANGED,   /* the same, since others write the same document */
    KIND_CLOSED,    /* nothing was done: no writes are taken, or there is no room */
    KIND_SIGN_IN,   /* it does not let us in */
    KIND_RIGHT,     /* our user, or this collection, does not have it */
    KIND_RULE,      /* the document breaks a rule of the database */
    KIND_DUPLICATE,
    KIND_LARGE,  /* the document */
    KIND_OURS,   /* what we sent is wrong, or of no use there: nothing was done */
    KIND_UNKNOWN /* none of the list: an order may have been carried out */
};

/* read: what it means for a question; write: for an order.  answered: the server is there. */
static const struct {
    enum err read, write;
    bool answered;
} meanings[] = {
    [KIND_AWAY] = {ERR_UNAVAILABLE, ERR_UNAVAILABLE, false},
    [KIND_LOST] = {ERR_UNAVAILABLE, ERR_UNKNOWN, false},
    [KIND_CUT] = {ERR_TIMEOUT, ERR_UNKNOWN, true},
    [KIND_UNCERTAIN] = {ERR_UNAVAILABLE, ERR_UNKNOWN, true},
    [KIND_AGAIN] = {ERR_BUSY, ERR_BUSY, true},
    [KIND_CHANGED] = {ERR_BUSY, ERR_CONFLICT, true},
    [KIND_CLOSED] = {ERR_INTERNAL, ERR_READ_ONLY, true},
    [KIND_SIGN_IN] = {ERR_DENIED, ERR_DENIED, true},
    [KIND_RIGHT] = {ERR_DENIED, ERR_FORBIDDEN, true},
    [KIND_RULE] = {ERR_INTERNAL, ERR_REFUSED, true},
    [KIND_DUPLICATE] = {ERR_EXISTS, ERR_EXISTS, true},
    [KIND_LARGE] = {ERR_INTERNAL, ERR_TOO_LARGE, true},
    [KIND_OURS] = {ERR_INTERNAL, ERR_INTERNAL, true},
    [KIND_UNKNOWN] = {ERR_INTERNAL, ERR_UNKNOWN, true},
};

/* All that a server may answer to a find, a count, an insert, an update or a delete, by number.
 * Names and numbers: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
 * What is not here counts as KIND_UNKNOWN: also the general ones (1 InternalError, 8 UnknownError,
 * 77 OperationIncomplete, 96 OperationFailed, 125 CommandFailed). */
static const struct code {
    uint32_t code;
    enum kind kind;
} codes[] = {
    {2, KIND_OURS},          /* BadValue */
    {3, KIND_DUPLICATE},     /* DuplicateKey, of old */
    {4, KIND_OURS},          /* NoSuchKey */
    {6, KIND_LOST},          /* HostUnreachable, of mongos */
    {7, KIND_LOST},          /* HostNotFound */
    {9, KIND_OURS},          /* FailedToParse */
    {10, KIND_OURS},         /* CannotMutateObject */
    {11, KIND_SIGN_IN},      /* UserNotFound */
    {13, KIND_RIGHT},        /* Unauthorized */
    {14, KIND_OURS},         /* TypeMismatch */
    {15, KIND_OURS},         /* Overflow */
    {16, KIND_OURS},         /* InvalidLength */
    {17, KIND_OURS},         /* ProtocolError */
    {18, KIND_SIGN_IN},      /* AuthenticationFailed */
    {20, KIND_OURS},         /* IllegalOperation */
    {21, KIND_OURS},         /* EmptyArrayOperation */
    {22, KIND_OURS},         /* InvalidBSON */
    {24, KIND_AGAIN},        /* LockTimeout */
    {26, KIND_OURS},         /* NamespaceNotFound */
    {27, KIND_AGAIN},        /* IndexNotFound: that of words, until it is made */
    {28, KIND_RULE},         /* PathNotViable: a field of the document is in the way */
    {30, KIND_OURS},         /* InvalidPath */
    {40, KIND_OURS},         /* ConflictingUpdateOperators */
    {43, KIND_CUT},          /* CursorNotFound */
    {46, KIND_AGAIN},        /* LockBusy */
    {47, KIND_OURS},         /* NoMatchingDocument */
    {48, KIND_OURS},         /* NamespaceExists */
    {50, KIND_CUT},          /* MaxTimeMSExpired */
    {52, KIND_OURS},         /* DollarPrefixedFieldName */
    {53, KIND_OURS},         /* InvalidIdField */
    {54, KIND_OURS},         /* NotSingleValueField */
    {55, KIND_OURS},         /* InvalidDBRef */
    {56, KIND_OURS},         /* EmptyFieldName */
    {57, KIND_OURS},         /* DottedFieldName */
    {59, KIND_OURS},         /* CommandNotFound */
    {61, KIND_RULE},         /* ShardKeyNotFound */
    {63, KIND_AGAIN},        /* StaleShardVersion, of old */
    {64, KIND_UNCERTAIN},    /* WriteConcernTimeout */
    {66, KIND_RULE},         /* ImmutableField: a part of the shard key */
    {67, KIND_OURS},         /* CannotCreateIndex */
    {68, KIND_OURS},         /* IndexAlreadyExists */
    {70, KIND_LOST},         /* ShardNotFound */
    {71, KIND_LOST},         /* ReplicaSetNotFound */
    {72, KIND_OURS},         /* InvalidOptions */
    {73, KIND_OURS},         /* InvalidNamespace */
    {74, KIND_LOST},         /* NodeNotFound */
    {75, KIND_UNCERTAIN},    /* WriteConcernLegacyOK */
    {76, KIND_UNCERTAIN},    /* NoReplicationEnabled */
    {79, KIND_UNCERTAIN},    /* UnknownReplWriteConcern */
    {83, KIND_LOST},         /* RemoteResultsUnavailable */
    {84, KIND_DUPLICATE},    /* DuplicateKeyValue, of old */
    {85, KIND_OURS},         /* IndexOptionsConflict */
    {86, KIND_OURS},         /* IndexKeySpecsConflict */
    {89, KIND_LOST},         /* NetworkTimeout */
    {90, KIND_CUT},          /* CallbackCanceled */
    {91, KIND_LOST},         /* ShutdownInProgress */
    {94, KIND_AWAY},         /* NotYetInitialized */
    {100, KIND_UNCERTAIN},   /* UnsatisfiableWriteConcern */
    {101, KIND_OURS},        /* OutdatedClient */
    {107, KIND_AGAIN},       /* LockFailed */
    {109, KIND_AGAIN},       /* ConfigurationInProgress */
    {112, KIND_CHANGED},     /* WriteConflict */
    {115, KIND_OURS},        /* CommandNotSupported */
    {116, KIND_LARGE},       /* DocTooLargeForCapped */
    {117, KIND_AGAIN},       /* ConflictingOperationInProgress */
    {121, KIND_RULE},        /* DocumentValidationFailure */
    {123, KIND_OURS},        /* NotAReplicaSet */
    {133, KIND_AWAY},        /* FailedToSatisfyReadPreference: there is no primary */
    {134, KIND_AGAIN},       /* ReadConcernMajorityNotAvailableYet */
    {136, KIND_CUT},         /* CappedPositionLost */
    {141, KIND_LOST},        /* SSLHandshakeFailed */
    {143, KIND_AGAIN},       /* CursorInUse */
    {145, KIND_LOST},        /* PooledConnectionsDropped */
    {146, KIND_OURS},        /* ExceededMemoryLimit */
    {148, KIND_OURS},        /* ReadConcernMajorityNotEnabled */
    {149, KIND_AWAY},        /* NoConfigPrimary */
    {150, KIND_AGAIN},       /* StaleEpoch */
    {160, KIND_OURS},        /* MaxStalenessOutOfRange */
    {161, KIND_OURS},        /* IncompatibleCollationVersion */
    {165, KIND_OURS},        /* ViewDepthLimitExceeded */
    {166, KIND_RIGHT},       /* CommandNotSupportedOnView */
    {167, KIND_RIGHT},       /* OptionNotSupportedOnView */
    {168, KIND_OURS},        /* InvalidPipelineOperator */
    {169, KIND_RIGHT},       /* CommandOnShardedViewNotSupportedOnMongod */
    {171, KIND_RULE},        /* CannotIndexParallelArrays */
    {172, KIND_LOST},        /* TransportSessionClosed */
    {175, KIND_CUT},         /* QueryPlanKilled */
    {182, KIND_OURS},        /* InvalidViewDefinition */
    {187, KIND_AGAIN},       /* LinearizableReadConcernError */
    {189, KIND_LOST},        /* PrimarySteppedDown */
    {199, KIND_LOST},        /* ReplicaSetMonitorRemoved */
    {201, KIND_RULE},        /* CannotBuildIndexKeys */
    {202, KIND_CUT},         /* NetworkInterfaceExceededTimeLimit: a shard's */
    {203, KIND_AGAIN},       /* ShardingStateNotInitialized */
    {206, KIND_OURS},        /* NoSuchSession */
    {208, KIND_AGAIN},       /* TooManyLocks */
    {209, KIND_AGAIN},       /* StaleClusterTime */
    {211, KIND_AGAIN},       /* KeyNotFound, right after a start */
    {214, KIND_SIGN_IN},     /* AuthenticationRestrictionUnmet */
    {215, KIND_AGAIN},       /* DatabaseDropPending */
    {216, KIND_AWAY},        /* ElectionInProgress */
    {221, KIND_AGAIN},       /* IndexModified */
    {224, KIND_OURS},        /* QueryFeatureNotAllowed */
    {227, KIND_OURS},        /* CannotImplicitlyCreateCollection */
    {237, KIND_CUT},         /* CursorKilled */
    {238, KIND_OURS},        /* NotImplemented */
    {239, KIND_AGAIN},       /* SnapshotTooOld */
    {241, KIND_OURS},        /* ConversionFailure */
    {242, KIND_OURS},        /* CannotCreateCollection */
    {246, KIND_AGAIN},       /* SnapshotUnavailable */
    {249, KIND_AGAIN},       /* StaleDbVersion */
    {250, KIND_AGAIN},       /* StaleChunkHistory */
    {261, KIND_AGAIN},       /* TooManyLogicalSessions */
    {262, KIND_CUT},         /* ExceededTimeLimit */
    {263, KIND_OURS},        /* OperationNotSupportedInTransaction */
    {264, KIND_AGAIN},       /* TooManyFilesOpen */
    {267, KIND_AGAIN},       /* PreparedTransactionInProgress */
    {272, KIND_AGAIN},       /* MigrationConflict */
    {279, KIND_CUT},         /* ClientDisconnect */
    {290, KIND_CUT},         /* TransactionExceededLifetimeLimitSeconds */
    {291, KIND_OURS},        /* NoQueryExecutionPlans */
    {292, KIND_OURS},        /* QueryExceededMemoryLimitNoDiskUseAllowed */
    {303, KIND_LOST},        /* SplitHorizonChange */
    {314, KIND_AGAIN},       /* ObjectIsBusy */
    {319, KIND_AGAIN},       /* MovePrimaryInProgress */
    {322, KIND_OURS},        /* APIVersionError */
    {323, KIND_OURS},        /* APIStrictError */
    {324, KIND_OURS},        /* APIDeprecationError */
    {334, KIND_SIGN_IN},     /* MechanismUnavailable */
    {338, KIND_AGAIN},       /* ReshardCollectionInProgress */
    {342, KIND_AGAIN},       /* ReshardingCriticalSectionTimeout */
    {343, KIND_AGAIN},       /* ShardCannotRefreshDueToLocksHeld */
    {352, KIND_OURS},        /* UnsupportedOpQueryCommand */
    {354, KIND_OURS},        /* LoadBalancerSupportMismatch */
    {355, KIND_CUT},         /* InterruptedDueToStorageChange */
    {357, KIND_OURS},        /* InvalidBSONType */
    {365, KIND_AGAIN},       /* TemporarilyUnavailable */
    {371, KIND_CLOSED},      /* UserWritesBlocked */
    {378, KIND_OURS},        /* NonConformantBSON */
    {384, KIND_LOST},        /* ConnectionError */
    {391, KIND_SIGN_IN},     /* ReauthenticationRequired */
    {392, KIND_SIGN_IN},     /* InvalidJWT */
    {402, KIND_AGAIN},       /* ResourceExhausted */
    {406, KIND_AGAIN},       /* MigrationBlockingOperationCoordinatorCleaningUp */
    {407, KIND_AGAIN},       /* PooledConnectionAcquisitionExceededTimeLimit */
    {411, KIND_RIGHT},       /* QueryRejectedBySettings */
    {414, KIND_AGAIN},       /* AddOrRemoveShardInProgress */
    {433, KIND_AGAIN},       /* AdmissionQueueOverflow */
    {449, KIND_AGAIN},       /* RateLimitExceeded */
    {450, KIND_AGAIN},       /* PooledConnectionAcquisitionRejected */
    {453, KIND_CUT},         /* InterruptedDueToReshardingCriticalSection */
    {462, KIND_AGAIN},       /* IngressRequestRateLimitExceeded */
    {8000, KIND_SIGN_IN},    /* Atlas: authentication */
    {9001, KIND_LOST},       /* SocketException */
    {9996, KIND_AGAIN},      /* RecvStaleConfig, of old */
    {10003, KIND_RULE},      /* CannotGrowDocumentInCappedNamespace */
    {10058, KIND_AWAY},      /* NotPrimary, of old */
    {10107, KIND_AWAY},      /* NotWritablePrimary */
    {10334, KIND_LARGE},     /* BSONObjectTooLarge */
    {11000, KIND_DUPLICATE}, /* DuplicateKey */
    {11001, KIND_DUPLICATE}, /* the same at an update, of old */
    {11600, KIND_LOST},      /* InterruptedAtShutdown */
    {11601, KIND_CUT},       /* Interrupted: killOp */
    {11602, KIND_LOST},      /* InterruptedDueToReplStateChange */
    {12582, KIND_DUPLICATE}, /* the same through mongos, of old */
    {12586, KIND_AGAIN},     /* BackgroundOperationInProgressForDatabase */
    {12587, KIND_AGAIN},     /* BackgroundOperationInProgressForNamespace */
    {13297, KIND_OURS},      /* DatabaseDifferCase */
    {13388, KIND_AGAIN},     /* StaleConfig */
    {13435, KIND_AWAY},      /* NotPrimaryNoSecondaryOk */
    {13436, KIND_AWAY},      /* NotPrimaryOrSecondary */
    {14031, KIND_CLOSED},    /* OutOfDiskSpace */
    {16755, KIND_RULE},      /* what a geo index cannot take */
    {17262, KIND_RULE},      /* what a text index cannot take */
    {17280, KIND_RULE},      /* KeyTooLong for an index */
    {17419, KIND_LARGE},     /* the document would become too large */
    {17420, KIND_LARGE},     /* the same */
    {40413, KIND_OURS},      /* IDLDuplicateField */
    {40414, KIND_OURS},      /* IDLFailedToParse */
    {40415, KIND_OURS},      /* IDLUnknownField */
    {46841, KIND_CUT},       /* ClientMarkedKilled */
    {50768, KIND_OURS},      /* NotARetryableWriteCommand */
    {50915, KIND_AGAIN},     /* BackupCursorOpenConflictWithCheckpoint */
    {56846, KIND_LOST},      /* ConfigServerUnreachable */
    {91331, KIND_CUT},       /* RetriableRemoteCommandFailure */
    {10045600, KIND_CUT},    /* InterruptedDueToFCVChange */
    {525074461, KIND_RULE},  /* DocumentDB 1.0 behind FerretDB, for 121 */
};

/* Of this thread, where a job runs from beginning to end. */
static _Thread_local bool was_answer;

void mongo_error_forget(void)
{
    was_answer = false;
}

bool mongo_error_was_answer(void)
{
    return was_answer;
}

enum err mongo_unconfirmed(void)
{
    was_answer = true;
    return ERR_UNKNOWN;
}

enum err mongo_server_code(uint32_t code, bool write)
{
    enum kind kind = KIND_UNKNOWN;

    for (size_t i = 0; i < COUNT(codes); i++)
        if (codes[i].code == code)
            kind = codes[i].kind;
    was_answer = meanings[kind].answered;
    return write ? meanings[kind].write : meanings[kind].read;
}

/* Errors from before anything was sent. */
static bool is_unsent(const bson_error_t *error)
{
    return error->domain == MONGOC_ERROR_SERVER_SELECTION ||
           (error->domain == MONGOC_ERROR_STREAM &&
            (error->code == MONGOC_ERROR_STREAM_NAME_RESOLUTION ||
             error->code == MONGOC_ERROR_STREAM_CONNECT ||
             error->code == MONGOC_ERROR_STREAM_NOT_ESTABLISHED));
}

enum err mongo_error_kind(const bson_error_t *error, bool write)
{
    was_answer = false;
    if ((error->domain == MONGOC_ERROR_CLIENT && error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE) ||
        error->domain == MONGOC_ERROR_SCRAM || error->domain == MONGOC_ERROR_SASL)
        return ERR_DENIED;
    if (error->domain == MONGOC_ERROR_WRITE_CONCERN)
        return mongo_unconfirmed();
    if (is_unsent(error))
        return ERR_UNAVAILABLE;
    if (error->domain == MONGOC_ERROR_STREAM)
        return write ? ERR_UNKNOWN : ERR_UNAVAILABLE;
    if (error->domain == MONGOC_ERROR_PROTOCOL)
        return write ? ERR_UNKNOWN : ERR_PROTOCOL;
    return mongo_server_code(error->code, write);
}

enum err mongo_error(const bson_error_t *error, bool write, const char *operation)
{
    enum err err = mongo_error_kind(error, write);

    if (err == ERR_EXISTS || err == ERR_REFUSED)
        return err; /* what the client has sent is to blame */
    metric_inc(METRIC_MONGO_ERRORS);
    log_write(err == ERR_UNAVAILABLE ? LOG_DEBUG : LOG_WARN, "mongo", "operation failed",
              (const struct log_field[]){LOG_CSTR("operation", operation), LOG_ERR(err),
                                         LOG_INT("code", error->code),
                                         LOG_CSTR("reason", error->message)},
              4);
    return err;
}
