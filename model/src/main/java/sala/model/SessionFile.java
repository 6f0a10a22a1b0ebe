package sala.model;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;

/**
 * A session on disk, big-endian:
 *
 * <pre>
 * file    = magic version fingerprint position logits payload layer* checksum
 * magic   = 8 bytes "SALASESS"            version = i32, 1
 * fingerprint = SHA-256 of the configuration: a session fits one model only
 * position = i32, tokens held             logits  = array of vocabSize
 * payload = i32 length, bytes: what the application keeps with it
 * layer   = SPARSE: (array of keys, array of values) per piece of at most 256 tokens;  LIGHTNING: array of the state
 * array   = u8 0 then f32 values, or u8 1 then f64 values where f32 would lose bits
 * checksum = i64, CRC-32C of all bytes before it
 * </pre>
 *
 * <p>A file is written beside its place, forced to disk and moved there, so that a failure leaves the old one whole; it
 * is checked whole before anything is taken from it. Compressed keys are not stored: they follow from the keys.
 */
public final class SessionFile {
    private static final byte[] MAGIC = "SALASESS".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int PIECE_TOKENS = 256;
    private static final int CHECKSUM_BYTES = Long.BYTES;
    private static final int MAX_PAYLOAD_BYTES = 1 << 28;

    private SessionFile() {}

    /**
     * What a file holds.
     *
     * @param session ready to go on
     * @param payload as it was saved
     */
    public record Loaded(Session session, byte[] payload) {}

    /**
     * Writes a session.
     *
     * @param payload kept with it, for the application
     * @throws IOException if it cannot be written; the file at {@code path} is then as it was
     */
    public static void save(Session session, byte[] payload, Path path) throws IOException {
        Path parent = path.toAbsolutePath().getParent();
        Path temporary = Files.createTempFile(parent, path.getFileName() + ".", ".part");
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                CRC32C checksum = new CRC32C();
                OutputStream unclosed = new FilterOutputStream(Channels.newOutputStream(channel)) {
                    @Override
                    public void write(byte[] bytes, int offset, int length) throws IOException {
                        out.write(bytes, offset, length);
                    }
                };
                DataOutputStream out = new DataOutputStream(
                        new BufferedOutputStream(new CheckedOutputStream(unclosed, checksum), 1 << 16));
                write(session, payload, out);
                out.flush();
                DataOutputStream tail = new DataOutputStream(unclosed);
                tail.writeLong(checksum.getValue());
                tail.flush();
                channel.force(true);
            }
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void write(Session session, byte[] payload, DataOutputStream out) throws IOException {
        ModelConfig config = session.config();
        out.write(MAGIC);
        out.writeInt(VERSION);
        out.write(fingerprint(config));
        out.writeInt(session.position());
        float[] logits = session.logits().values();
        double[] wide = new double[logits.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = logits[i];
        }
        writeArray(wide, wide.length, out);
        out.writeInt(payload.length);
        out.write(payload);
        for (int layer = 0; layer < config.numLayers(); layer++) {
            switch (session.cache(layer)) {
                case KvCache cache -> {
                    double[] keys = new double[PIECE_TOKENS * config.kvWidth()];
                    double[] values = new double[keys.length];
                    for (int from = 0; from < cache.length(); from += PIECE_TOKENS) {
                        int count = Math.min(PIECE_TOKENS, cache.length() - from);
                        cache.read(from, count, keys, values);
                        writeArray(keys, count * config.kvWidth(), out);
                        writeArray(values, count * config.kvWidth(), out);
                    }
                }
                case RecurrentState state -> {
                    double[] values = new double[stateLength(config)];
                    state.read(values);
                    writeArray(values, values.length, out);
                }
            }
        }
    }

    private static void writeArray(double[] values, int count, DataOutputStream out) throws IOException {
        boolean fits = true;
        for (int i = 0; i < count && fits; i++) {
            fits = Double.compare((float) values[i], values[i]) == 0;
        }
        out.writeByte(fits ? 0 : 1);
        for (int i = 0; i < count; i++) {
            if (fits) {
                out.writeFloat((float) values[i]);
            } else {
                out.writeDouble(values[i]);
            }
        }
    }

    /**
     * Reads a session into a new one of {@code forwardPass}.
     *
     * @throws IOException if the file cannot be read
     * @throws SessionFileException if it is damaged or does not fit
     */
    public static Loaded load(ForwardPass forwardPass, SessionOptions options, Path path) throws IOException {
        long size = Files.size(path);
        checkSum(path, size);
        Session session = forwardPass.newSession(options);
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(path), 1 << 16))) {
            byte[] payload = read(session, in, path, size);
            return new Loaded(session, payload);
        } catch (EOFException _) {
            session.close();
            throw new SessionFileException("%s: it ends before its last layer".formatted(path));
        } catch (IOException | RuntimeException e) {
            session.close();
            throw e;
        }
    }

    private static void checkSum(Path path, long size) throws IOException {
        if (size < MAGIC.length + CHECKSUM_BYTES) {
            throw new SessionFileException("%s: expected a saved session, found %d bytes".formatted(path, size));
        }
        CRC32C checksum = new CRC32C();
        try (CheckedInputStream in = new CheckedInputStream(Files.newInputStream(path), checksum)) {
            byte[] buffer = new byte[1 << 16];
            for (long left = size - CHECKSUM_BYTES; left > 0; ) {
                int count = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (count < 0) {
                    break;
                }
                left -= count;
            }
            long expected = checksum.getValue();
            long found = new DataInputStream(in).readLong();
            if (expected != found) {
                throw new SessionFileException("%s: checksum %x expected, %x found: the file is damaged or incomplete"
                        .formatted(path, expected, found));
            }
        }
    }

    private static byte[] read(Session session, DataInputStream in, Path path, long size) throws IOException {
        ModelConfig config = session.config();
        if (!Arrays.equals(in.readNBytes(MAGIC.length), MAGIC)) {
            throw new SessionFileException("%s: expected a saved session, found another kind of file".formatted(path));
        }
        int version = in.readInt();
        if (version != VERSION) {
            throw new SessionFileException("%s: expected version %d, found %d".formatted(path, VERSION, version));
        }
        byte[] expected = fingerprint(config);
        byte[] found = in.readNBytes(expected.length);
        if (!Arrays.equals(found, expected)) {
            throw new SessionFileException("%s: it belongs to another model: expected configuration %s, found %s"
                    .formatted(path, shortHex(expected), shortHex(found)));
        }
        int position = in.readInt();
        if (position < 0 || position > session.options().contextLength()) {
            throw new SessionFileException("%s: it holds %d tokens, more than the context length %d: raise that"
                    .formatted(path, position, session.options().contextLength()));
        }
        double[] wide = new double[config.vocabSize()];
        readArray(wide, wide.length, in, path);
        float[] logits = new float[wide.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) wide[i];
        }
        int payloadLength = in.readInt();
        if (payloadLength < 0 || payloadLength > Math.min(size, MAX_PAYLOAD_BYTES)) {
            throw new SessionFileException("%s: a payload of %d bytes".formatted(path, payloadLength));
        }
        byte[] payload = in.readNBytes(payloadLength);
        for (int layer = 0; layer < config.numLayers(); layer++) {
            readLayer(session, layer, position, in, path);
        }
        in.skipNBytes(CHECKSUM_BYTES);
        if (in.read() >= 0) {
            throw new SessionFileException("%s: bytes behind the last layer".formatted(path));
        }
        session.resume(position, logits);
        return payload;
    }

    private static void readLayer(Session session, int layer, int position, DataInputStream in, Path path)
            throws IOException {
        ModelConfig config = session.config();
        switch (session.cache(layer)) {
            case KvCache cache -> {
                double[] keys = new double[PIECE_TOKENS * config.kvWidth()];
                double[] values = new double[keys.length];
                for (int from = 0; from < position; from += PIECE_TOKENS) {
                    int count = Math.min(PIECE_TOKENS, position - from);
                    readArray(keys, count * config.kvWidth(), in, path);
                    readArray(values, count * config.kvWidth(), in, path);
                    cache.append(keys, values, count);
                }
            }
            case RecurrentState state -> {
                double[] values = new double[stateLength(config)];
                readArray(values, values.length, in, path);
                state.write(values);
            }
        }
    }

    private static void readArray(double[] values, int count, DataInputStream in, Path path) throws IOException {
        int kind = in.readUnsignedByte();
        if (kind > 1) {
            throw new SessionFileException("%s: expected an array of kind 0 or 1, found %d".formatted(path, kind));
        }
        for (int i = 0; i < count; i++) {
            values[i] = kind == 0 ? in.readFloat() : in.readDouble();
        }
    }

    private static int stateLength(ModelConfig config) {
        LightningConfig lightning = config.lightning();
        return Math.multiplyExact(lightning.width(), lightning.headDim());
    }

    private static byte[] fingerprint(ModelConfig config) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(config.toString().getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static String shortHex(byte[] digest) {
        return HexFormat.of().formatHex(digest, 0, Math.min(6, digest.length));
    }
}
