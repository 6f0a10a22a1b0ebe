package sala.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import sala.loader.DType;
import sala.loader.MixerType;
import sala.loader.ModelConfig;

/**
 * The variable part of a session file's header, checked against model and file size.
 *
 * @param elementType F32 or F64
 * @param position tokens held
 * @param payload the application's text
 */
record SessionFileLayout(DType elementType, int position, String payload) {
    /** Bytes of all fields of fixed size. */
    static final int MIN_FILE_BYTES = SessionFile.MAGIC.length
            + Integer.BYTES // version
            + Long.BYTES // fileBytes
            + ConfigFingerprint.BYTES
            + Integer.BYTES // model
            + Byte.BYTES // elementType
            + Integer.BYTES // position
            + Integer.BYTES // payload
            + Integer.BYTES; // checksum

    /** @throws ArithmeticException if it exceeds a {@code long} */
    static long fileBytes(ModelConfig config, DType elementType, int position, int modelBytes, int payloadBytes) {
        return Math.addExact(
                (long) MIN_FILE_BYTES + modelBytes + payloadBytes, bodyBytes(config, elementType, position));
    }

    /** Bytes of layers and logits. */
    private static long bodyBytes(ModelConfig config, DType elementType, int position) {
        long elements = 0;
        for (MixerType type : config.mixerTypes()) {
            elements = Math.addExact(
                    elements,
                    switch (type) {
                        case SPARSE -> Math.multiplyExact(2L * config.kvWidth(), position);
                        case LIGHTNING -> stateElements(config);
                    });
        }
        long logitBytes = position == 0 ? 0 : (long) Float.BYTES * config.vocabSize();
        return Math.addExact(Math.multiplyExact(elements, elementType.bytes()), logitBytes);
    }

    /** @throws ArithmeticException if an array cannot hold them */
    static int stateElements(ModelConfig config) {
        int headDim = config.lightning().headDim();
        return Math.multiplyExact(config.lightning().width(), headDim);
    }

    static SessionFileLayout read(SessionFileReader in, ModelConfig config, int contextLength) throws IOException {
        byte[] fingerprint = in.bytes(ConfigFingerprint.BYTES, "fingerprint");
        String model = text(in, "model", SessionFile.MAX_MODEL_BYTES);
        byte[] expected = ConfigFingerprint.of(config);
        if (!Arrays.equals(fingerprint, expected)) {
            throw in.fault(
                    "fingerprint of the model's configuration",
                    "%s (%s)".formatted(ConfigFingerprint.shorten(expected), ConfigFingerprint.describe(config)),
                    "%s (%s): open the model that the session was saved with"
                            .formatted(ConfigFingerprint.shorten(fingerprint), model));
        }
        int elementBytes = in.u8("elementType");
        DType elementType = switch (elementBytes) {
            case Float.BYTES -> DType.F32;
            case Double.BYTES -> DType.F64;
            default -> throw in.fault("elementType", "4 or 8", elementBytes);
        };
        int position = in.u32("position");
        if (position < 0) {
            throw in.fault("position", "less than 2^31", Integer.toUnsignedString(position));
        }
        if (position > contextLength) {
            throw in.fault(
                    "position",
                    "at most the context length " + contextLength,
                    position + ": raise the context length to that at least");
        }
        String payload = text(in, "payload", SessionFile.MAX_PAYLOAD_BYTES);
        long bodyBytes = bodyBytes(config, elementType, position);
        if (in.remaining() != bodyBytes) {
            throw in.fault(
                    "layers and logits",
                    "%d bytes for %d tokens of %s".formatted(bodyBytes, position, elementType),
                    in.remaining());
        }
        return new SessionFileLayout(elementType, position, payload);
    }

    private static String text(SessionFileReader in, String field, int maxBytes) throws IOException {
        int length = in.u32(field);
        long limit = Math.min(maxBytes, in.remaining());
        if (length < 0 || length > limit) {
            throw in.fault("length of " + field, "at most %d bytes".formatted(limit), Integer.toUnsignedString(length));
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(in.bytes(length, field)))
                    .toString();
        } catch (CharacterCodingException e) {
            SessionFileException fault = in.fault(field, "UTF-8", "bytes that are not");
            fault.initCause(e);
            throw fault;
        }
    }
}
