package sala.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import sala.loader.DType;
import sala.loader.ModelConfig;

/**
 * A session on disk. All numbers are little-endian, floating-point numbers IEEE 754:
 *
 * <pre>
 * file        = magic version fileBytes fingerprint model elementType position payload layer* logits checksum
 * magic       = the 8 ASCII characters "SALASESS"
 * version     = u32, {@value #VERSION}
 * fileBytes   = u64, size of the whole file
 * fingerprint = 32 bytes, SHA-256 of what the model's configuration computes with
 * model       = text, at most {@value #MAX_MODEL_BYTES} bytes: the configuration in words, for messages
 * elementType = u8, bytes of an element of the caches: 4 for F32, 8 for F64
 * position    = u32, below 2^31: tokens that the session holds
 * payload     = text, at most {@value #MAX_PAYLOAD_BYTES} bytes: the application's own, such as the turns of a chat
 * layer       = kvCache in a sparse layer, state in a lightning layer; in order, as the configuration has them
 * kvCache     = position times: keys, then values, of one token, each element[numKvHeads][headDim]
 * state       = element[numHeads][headDim][headDim], key channel before value channel
 * logits      = f32[vocabSize] where position is above 0, nothing where it is 0
 * checksum    = u32, CRC-32C of everything before it
 * text        = u32 count of bytes, UTF-8
 * element     = f32 or f64
 * </pre>
 *
 * <p>The fingerprint tells configurations apart, not weights. Neither the context length nor the attention mode of the
 * session is stored; {@link #load} takes them anew. Caches of F64 are rounded where a session of F32 loads them.
 *
 * <p>A reader relies on no size before it has compared {@code fileBytes} with the file and checked the checksum, and not
 * on the position before it has recomputed the size of the file from it. Layers go through buffers of at most 1 MiB,
 * beside one array of the size of a layer's state.
 */
public final class SessionFile {
    static final byte[] MAGIC = "SALASESS".getBytes(StandardCharsets.US_ASCII);
    static final int VERSION = 1;
    static final int MAX_MODEL_BYTES = 1024;

    /** Longest payload in UTF-8. */
    public static final int MAX_PAYLOAD_BYTES = 1 << 28;

    /** Elements of a piece of keys, and as many of values: 256 KiB each. */
    private static final int PIECE_ELEMENTS = 1 << 15;

    private SessionFile() {}

    /**
     * What a file held.
     *
     * @param session owned by the caller
     * @param payload empty where none was saved
     */
    public record Loaded(Session session, String payload) {}

    /**
     * Writes a session to a temporary file beside {@code file}, forces it to disk and moves it there in one step. The
     * file may be read by its owner only, where the file system knows owners.
     *
     * @param payload stored with it, may be empty
     * @throws IllegalArgumentException if the payload is too long or not valid Unicode
     * @throws IOException if it cannot be written; an older file is left as it was, the temporary one is removed
     */
    public static void save(Session session, String payload, Path file) throws IOException {
        save(session, payload, file, channel -> channel);
    }

    /** @param wrapper stands between this class and the disk, for tests of disks that fail */
    static void save(Session session, String payload, Path file, UnaryOperator<WritableByteChannel> wrapper)
            throws IOException {
        byte[] payloadBytes = utf8(payload);
        Path target = file.toAbsolutePath();
        Path temporary = Files.createTempFile(directoryOf(target), ".session", ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                write(session, payloadBytes, new SessionFileWriter(wrapper.apply(channel)));
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static Path directoryOf(Path target) throws IOException {
        Path directory = target.getParent();
        if (directory == null) {
            throw new IOException("%s: expected a file name, found a file system root".formatted(target));
        }
        return directory;
    }

    private static byte[] utf8(String payload) {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(payload));
            if (bytes.remaining() > MAX_PAYLOAD_BYTES) {
                throw new IllegalArgumentException("payload: expected at most %d bytes of UTF-8, found %d"
                        .formatted(MAX_PAYLOAD_BYTES, bytes.remaining()));
            }
            byte[] array = new byte[bytes.remaining()];
            bytes.get(array);
            return array;
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("payload: expected valid Unicode, found half a surrogate pair", e);
        }
    }

    private static void write(Session session, byte[] payload, SessionFileWriter out) throws IOException {
        ModelConfig config = session.config();
        int position = session.position();
        DType elementType = session.elementType();
        float[] logits = position > 0 ? session.logits().values() : new float[0];
        byte[] model = ConfigFingerprint.describe(config).getBytes(StandardCharsets.UTF_8);
        model = model.length <= MAX_MODEL_BYTES ? model : Arrays.copyOf(model, MAX_MODEL_BYTES);

        out.bytes(MAGIC);
        out.u32(VERSION);
        out.u64(SessionFileLayout.fileBytes(config, elementType, position, model.length, payload.length));
        out.bytes(ConfigFingerprint.of(config));
        out.u32(model.length);
        out.bytes(model);
        out.u8(elementType.bytes());
        out.u32(position);
        out.u32(payload.length);
        out.bytes(payload);
        for (int layer = 0; layer < config.numLayers(); layer++) {
            switch (session.cache(layer)) {
                case KvCache cache -> writeKvCache(cache, position, config.kvWidth(), elementType, out);
                case RecurrentState state -> {
                    double[] values = new double[SessionFileLayout.stateElements(config)];
                    state.read(values);
                    out.elements(elementType, values, 0, values.length);
                }
            }
        }
        for (float logit : logits) {
            out.f32(logit);
        }
        out.checksum();
    }

    private static void writeKvCache(KvCache cache, int position, int kvWidth, DType elementType, SessionFileWriter out)
            throws IOException {
        int pieceTokens = Math.max(1, PIECE_ELEMENTS / kvWidth);
        double[] keys = new double[pieceTokens * kvWidth];
        double[] values = new double[keys.length];
        for (int start = 0; start < position; start += pieceTokens) {
            int count = Math.min(pieceTokens, position - start);
            cache.read(start, count, keys, values);
            for (int token = 0; token < count; token++) {
                out.elements(elementType, keys, token * kvWidth, kvWidth);
                out.elements(elementType, values, token * kvWidth, kvWidth);
            }
        }
    }

    /**
     * Opens a session and fills it from a file.
     *
     * @param options of the new session; the context length must hold the saved tokens
     * @throws SessionFileException if it is no session file of this model and version, or damaged, or does not fit;
     *     nothing stays open then
     * @throws IOException if it cannot be read
     */
    public static Loaded load(ForwardPass forwardPass, SessionOptions options, Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            SessionFileReader in = SessionFileReader.verified(channel, file);
            SessionFileLayout layout = SessionFileLayout.read(in, forwardPass.config(), options.contextLength());
            Session session = forwardPass.newSession(options);
            try {
                fill(session, forwardPass.config(), layout, in);
                return new Loaded(session, layout.payload());
            } catch (IOException | RuntimeException | Error e) {
                session.close();
                throw e;
            }
        }
    }

    private static void fill(Session session, ModelConfig config, SessionFileLayout layout, SessionFileReader in)
            throws IOException {
        DType elementType = layout.elementType();
        for (int layer = 0; layer < config.numLayers(); layer++) {
            switch (session.cache(layer)) {
                case KvCache cache -> readKvCache(cache, layout.position(), config.kvWidth(), elementType, in);
                case RecurrentState state -> {
                    double[] values = new double[SessionFileLayout.stateElements(config)];
                    in.elements(elementType, values, 0, values.length);
                    state.write(values);
                }
            }
        }
        if (layout.position() > 0) {
            float[] logits = new float[config.vocabSize()];
            for (int token = 0; token < logits.length; token++) {
                logits[token] = in.f32();
            }
            session.resume(layout.position(), logits);
        }
    }

    private static void readKvCache(KvCache cache, int position, int kvWidth, DType elementType, SessionFileReader in)
            throws IOException {
        int pieceTokens = Math.max(1, PIECE_ELEMENTS / kvWidth);
        double[] keys = new double[pieceTokens * kvWidth];
        double[] values = new double[keys.length];
        for (int start = 0; start < position; start += pieceTokens) {
            int count = Math.min(pieceTokens, position - start);
            for (int token = 0; token < count; token++) {
                in.elements(elementType, keys, token * kvWidth, kvWidth);
                in.elements(elementType, values, token * kvWidth, kvWidth);
            }
            cache.append(keys, values, count);
        }
    }
}
