package sala.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.DType;
import sala.loader.ModelConfig;

final class SessionFileTest {
    private static final int VOCAB_SIZE = 50;
    private static final SessionOptions OPTIONS = SessionOptions.ofContextLength(10_000);
    /** Offsets of fields, from the grammar. */
    private static final int VERSION_AT = 8;

    private static final int FILE_BYTES_AT = 12;
    private static final int FINGERPRINT_AT = 20;
    private static final int MODEL_AT = 52;

    @TempDir
    private Path folder = Path.of("");

    private final TestingForwardPass pass = TestingForwardPass.hashing(VOCAB_SIZE);

    private Path file() {
        return folder.resolve("session");
    }

    private static int[] tokens(int count) {
        return IntStream.range(0, count).map(i -> (i * 7 + i / 50) % VOCAB_SIZE).toArray();
    }

    private Session filled(int count) {
        Session session = pass.newSession(OPTIONS);
        if (count > 0) {
            pass.prefill(session, tokens(count));
        }
        return session;
    }

    /** A file with a short session and a payload. */
    private byte[] sample() throws IOException {
        SessionFile.save(filled(9), "päyload", file());
        return Files.readAllBytes(file());
    }

    private static int at(byte[] bytes, int offset) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(offset);
    }

    private static void put(byte[] bytes, int offset, int value) {
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
    }

    /** Makes a changed file consistent again, as someone who means harm would. */
    private static byte[] sealed(byte[] bytes) {
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(FILE_BYTES_AT, bytes.length);
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 0, bytes.length - Integer.BYTES);
        put(bytes, bytes.length - Integer.BYTES, (int) checksum.getValue());
        return bytes;
    }

    private String refusal(byte[] bytes) throws IOException {
        return refusal(pass, OPTIONS, bytes);
    }

    private String refusal(TestingForwardPass by, SessionOptions options, byte[] bytes) throws IOException {
        Files.write(file(), bytes);
        long open = by.openSessions();
        String message =
                String.valueOf(assertThrows(SessionFileException.class, () -> SessionFile.load(by, options, file()))
                        .getMessage());
        assertTrue(message.startsWith(file() + ": "), message);
        assertEquals(open, by.openSessions(), "a session of a refused file is still open");
        return message;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 65, 100, 1000, 9000})
    void aLoadedSessionGoesOnAsTheSavedOne(int count) throws IOException {
        Session session = filled(count);
        SessionFile.save(session, "turns \ud83d\ude00", file());
        SessionFile.Loaded loaded = SessionFile.load(pass, OPTIONS, file());
        assertEquals("turns \ud83d\ude00", loaded.payload());
        assertEquals(count, loaded.session().position());
        if (count > 0) {
            assertArrayEquals(
                    session.logits().toArray(), loaded.session().logits().toArray());
            assertArrayEquals(tokens(count), TestingForwardPass.tokens(loaded.session()));
        }
        assertArrayEquals(
                pass.decode(session, 5).toArray(),
                pass.decode(loaded.session(), 5).toArray());
    }

    @Test
    void theFormatIsTheDocumentedOne() throws IOException {
        byte[] bytes = sample();
        assertEquals("SALASESS", new String(bytes, 0, 8, StandardCharsets.US_ASCII));
        assertEquals(1, at(bytes, VERSION_AT));
        assertEquals(bytes.length, at(bytes, FILE_BYTES_AT));
        int modelBytes = at(bytes, MODEL_AT);
        assertEquals(
                "SLLS, hidden 8, vocabulary 50", new String(bytes, MODEL_AT + 4, modelBytes, StandardCharsets.UTF_8));
        int elementType = MODEL_AT + 4 + modelBytes;
        assertEquals(4, bytes[elementType]);
        assertEquals(9, at(bytes, elementType + 1));
        assertEquals("päyload".getBytes(StandardCharsets.UTF_8).length, at(bytes, elementType + 5));
        int layers = elementType + 9 + 8;
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        // second token of the first layer: 8 keys, 8 values of token 0, then its first key
        assertEquals(tokens(9)[1], in.getFloat(layers + 16 * 4));
        assertEquals(-tokens(9)[1], in.getFloat(layers + 16 * 4 + 8 * 4));
        int bodyBytes = 2 * 9 * 16 * 4 + 2 * 2 * 4 * 4 * 4 + VOCAB_SIZE * 4;
        assertEquals(layers + bodyBytes + 4, bytes.length);
    }

    @Test
    void doublePrecisionIsKept() throws IOException {
        TestingForwardPass wide =
                new TestingForwardPass(TestingForwardPass.config(VOCAB_SIZE), 4, _ -> new float[VOCAB_SIZE], DType.F64);
        Session session = wide.newSession(OPTIONS);
        wide.prefill(session, tokens(3));
        double[] state = new double[2 * 4 * 4];
        ((RecurrentState) session.cache(1)).read(state);
        state[5] = Math.PI; // no f32
        ((RecurrentState) session.cache(1)).write(state);
        // The session checks itself when it is resumed; one that does not is asked for the state instead.
        Path file = file();
        SessionFile.save(session, "", file);
        byte[] bytes = Files.readAllBytes(file);
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int layers = MODEL_AT + 4 + at(bytes, MODEL_AT) + 9;
        assertEquals(Math.PI, in.getDouble(layers + 3 * 16 * 8 + 5 * 8));
    }

    @Test
    void nothingButTheFileIsLeftBehind() throws IOException {
        sample();
        sample(); // over an older one
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file()), files.toList());
        }
    }

    /** A disk that is full after some bytes. */
    private static WritableByteChannel full(WritableByteChannel channel, long capacity) {
        return new WritableByteChannel() {
            private long left = capacity;

            @Override
            public int write(ByteBuffer source) throws IOException {
                if (left == 0) {
                    throw new IOException("No space left on device");
                }
                int count = (int) Math.min(left, source.remaining());
                ByteBuffer part = source.slice(source.position(), count);
                while (part.hasRemaining()) {
                    channel.write(part);
                }
                source.position(source.position() + count);
                left -= count;
                return count;
            }

            @Override
            public boolean isOpen() {
                return channel.isOpen();
            }

            @Override
            public void close() throws IOException {
                channel.close();
            }
        };
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 100, 70_000})
    void aFullDiskLeavesTheOldFileAndNothingElse(long capacity) throws IOException {
        byte[] old = sample();
        Session session = filled(2000);
        IOException e = assertThrows(
                IOException.class, () -> SessionFile.save(session, "new", file(), channel -> full(channel, capacity)));
        assertEquals("No space left on device", e.getMessage());
        assertArrayEquals(old, Files.readAllBytes(file()));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(file()), files.toList());
        }
        SessionFile.save(session, "new", file(), channel -> full(channel, Long.MAX_VALUE));
        assertEquals("new", SessionFile.load(pass, OPTIONS, file()).payload());
    }

    @Test
    void whatCannotBeWrittenOrReadIsAnIoException() {
        Session session = filled(1);
        assertThrows(IOException.class, () -> SessionFile.save(session, "", folder.resolve("absent/session")));
        assertThrows(IOException.class, () -> SessionFile.save(session, "", folder.resolve("/")));
        assertThrows(NoSuchFileException.class, () -> SessionFile.load(pass, OPTIONS, folder.resolve("absent")));
        assertThrows(IllegalArgumentException.class, () -> SessionFile.save(session, "\ud800", file()));
    }

    @Test
    void truncatedFilesAreRefused() throws IOException {
        byte[] bytes = sample();
        for (int length = 0; length < bytes.length; length++) {
            String message = refusal(Arrays.copyOf(bytes, length));
            assertTrue(
                    message.contains("at least 69 bytes, found " + length)
                            || message.contains(
                                    "expected %d bytes, found %d, so it was cut".formatted(bytes.length, length)),
                    message);
        }
        assertTrue(refusal(Arrays.copyOf(bytes, bytes.length + 1)).contains("so it was cut or added to"));
    }

    @Test
    void everyFlippedBitIsNoticed() throws IOException {
        byte[] bytes = sample();
        Random random = new Random(42);
        for (int i = 0; i < bytes.length; i++) {
            byte[] flipped = bytes.clone();
            flipped[i] ^= (byte) (1 << random.nextInt(8));
            String message = refusal(flipped);
            assertTrue(
                    message.contains(
                            i < VERSION_AT
                                    ? "magic"
                                    : i < FILE_BYTES_AT
                                            ? "version"
                                            : i < FINGERPRINT_AT ? "size of the file" : "checksum"),
                    "byte %d: %s".formatted(i, message));
        }
    }

    @Test
    void anotherModelsFileIsRefusedAndBothAreNamed() throws IOException {
        byte[] bytes = sample();
        TestingForwardPass other = TestingForwardPass.hashing(VOCAB_SIZE + 1);
        String message = refusal(other, OPTIONS, bytes);
        assertTrue(
                message.contains("expected %s (SLLS, hidden 8, vocabulary 51)"
                        .formatted(ConfigFingerprint.shorten(ConfigFingerprint.of(other.config())))),
                message);
        assertTrue(
                message.contains("found %s (SLLS, hidden 8, vocabulary 50)"
                        .formatted(ConfigFingerprint.shorten(ConfigFingerprint.of(pass.config())))),
                message);
    }

    @Test
    void aLongerSessionThanTheContextIsRefused() throws IOException {
        byte[] bytes = sample();
        String message = refusal(pass, SessionOptions.ofContextLength(8), bytes);
        assertTrue(
                message.contains("expected at most the context length 8, found 9: raise the context length"), message);
        Files.write(file(), bytes);
        assertEquals(
                9,
                SessionFile.load(pass, SessionOptions.ofContextLength(9), file())
                        .session()
                        .position());
    }

    @Test
    void sizesAreNotTrustedEvenWhenTheChecksumIsRight() throws IOException {
        byte[] bytes = sample();
        int elementType = MODEL_AT + 4 + at(bytes, MODEL_AT);
        int position = elementType + 1;
        int payload = position + 4;
        for (int value : new int[] {-1, Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 29, 10_000, 7, 0}) {
            byte[] moved = bytes.clone();
            put(moved, position, value);
            String message = refusal(sealed(moved));
            assertTrue(message.contains("position") || message.contains("layers and logits"), message);
            byte[] stretched = bytes.clone();
            put(stretched, payload, value);
            message = refusal(sealed(stretched));
            assertTrue(message.contains("payload") || message.contains("layers and logits"), message);
            byte[] renamed = bytes.clone();
            put(renamed, MODEL_AT, value);
            refusal(sealed(renamed));
        }
        byte[] typed = bytes.clone();
        typed[elementType] = 2;
        assertTrue(refusal(sealed(typed)).contains("elementType, before byte"));
        typed[elementType] = 8;
        assertTrue(refusal(sealed(typed)).contains("bytes for 9 tokens of F64"));
        byte[] text = bytes.clone();
        text[payload + 4] = (byte) 0xff;
        assertTrue(refusal(sealed(text)).contains("payload, before byte"));
    }

    /** Ten thousand damaged files, half of them with a checksum that is right again. */
    @Test
    void damagedFilesGiveNoOtherException() throws IOException {
        byte[] bytes = sample();
        int header = MODEL_AT + 4 + at(bytes, MODEL_AT) + 9 + 8;
        Random random = new Random(42);
        int refused = 0;
        for (int round = 0; round < 10_000; round++) {
            byte[] mutant = mutate(bytes, header, random);
            if (round % 2 == 0 && mutant.length >= SessionFileLayout.MIN_FILE_BYTES) {
                sealed(mutant);
            }
            Files.write(file(), mutant);
            long open = pass.openSessions();
            try {
                SessionFile.load(pass, OPTIONS, file()).session().close();
            } catch (SessionFileException e) {
                refused++;
                assertTrue(String.valueOf(e.getMessage()).startsWith(file() + ": "), e.getMessage());
            } catch (AssertionError e) {
                // The testing session itself found tokens in its caches that do not fit: a well-formed file of
                // nonsense.
                assertTrue(round % 2 == 0, "nonsense behind a wrong checksum");
            }
            assertEquals(open, pass.openSessions(), "a session is still open");
        }
        assertTrue(refused > 5000, "refused " + refused);
    }

    private static byte[] mutate(byte[] original, int header, Random random) {
        byte[] bytes = original.clone();
        for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
            // mostly in the header, where there is something to get wrong
            int at = random.nextInt(random.nextInt(4) > 0 ? Math.min(header, bytes.length) : bytes.length);
            switch (random.nextInt(6)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) random.nextInt(256);
                case 2 -> bytes = Arrays.copyOf(bytes, Math.max(1, random.nextInt(bytes.length)));
                case 3 -> bytes = Arrays.copyOf(bytes, bytes.length + random.nextInt(300));
                case 4 -> {
                    for (int i = at; i < Math.min(bytes.length, at + 4); i++) {
                        bytes[i] = (byte) (random.nextBoolean() ? 0xff : 0x7f);
                    }
                }
                default -> {
                    int to = random.nextInt(bytes.length);
                    System.arraycopy(
                            original,
                            Math.min(at, original.length - 1),
                            bytes,
                            to,
                            Math.min(
                                    Math.min(40, bytes.length - to),
                                    original.length - Math.min(at, original.length - 1)));
                }
            }
        }
        return bytes;
    }

    @Test
    void aSessionThatFailsWhileItIsFilledIsClosed() throws IOException {
        byte[] bytes = sample();
        // a token of the first layer that differs from the other layers: the testing session refuses to resume
        int layers = MODEL_AT + 4 + at(bytes, MODEL_AT) + 9 + 8;
        bytes[layers + 2] ^= 0x40;
        Files.write(file(), sealed(bytes));
        long open = pass.openSessions();
        assertThrows(AssertionError.class, () -> SessionFile.load(pass, OPTIONS, file()));
        assertEquals(open, pass.openSessions());
    }

    /** Whatever a forward pass computes with must tell files apart; the rest must not. */
    @Test
    void fingerprintCoversWhatIsComputedWith() throws ReflectiveOperationException {
        TreeSet<String> ignored = new TreeSet<>(ConfigVariants.sameFingerprint(pass.config()));
        assertEquals(
                new TreeSet<>(List.of(
                        "bosTokenId", "carried", "eosTokenIds", "maxPositionEmbeddings", "padTokenId", "torchDtype")),
                ignored);
        ModelConfig again = TestingForwardPass.config(VOCAB_SIZE);
        assertArrayEquals(ConfigFingerprint.of(pass.config()), ConfigFingerprint.of(again));
        assertSame(32, ConfigFingerprint.of(again).length);
    }
}
