package sala.loader;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.util.ByteBufferBackedInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.stream.Collectors;

/**
 * Jackson streaming over untrusted bytes: valid UTF-8 demanded, nesting, strings and numbers bounded, every failure a
 * {@link CheckpointException} that names the file.
 */
public final class StrictJson {
    /** Deepest nesting of any file of a checkpoint. */
    static final int MAX_DEPTH = 64;

    /** Longest string value, in characters. */
    static final int MAX_STRING_LENGTH = 16 << 20;

    /** Longest field name, in characters. */
    static final int MAX_NAME_LENGTH = 1 << 16;

    /** Longest number, in characters: what a u64 or a double printed in full takes, and room. */
    static final int MAX_NUMBER_LENGTH = 64;

    private static final int MESSAGE_LENGTH = 120;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_STRING_LENGTH)
                    .maxNameLength(MAX_NAME_LENGTH)
                    .maxNumberLength(MAX_NUMBER_LENGTH)
                    .build())
            // Names come from the file: no table shared by all parsers keeps them.
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .build();

    private StrictJson() {}

    /** A parser of a whole document; the bytes are checked to be UTF-8 here. */
    public static JsonParser parser(String file, byte[] bytes) throws IOException {
        return parser(file, ByteBuffer.wrap(bytes));
    }

    /** A parser of a whole document that is decoded piece by piece: a large one is never copied. */
    static JsonParser parser(String file, ByteBuffer bytes) throws IOException {
        checkUtf8(file, bytes.duplicate());
        // Through characters, since Jackson's own UTF-8 decoder accepts some overlong and surrogate forms.
        return FACTORY.createParser(
                new InputStreamReader(new ByteBufferBackedInputStream(bytes), StandardCharsets.UTF_8.newDecoder()));
    }

    private static void checkUtf8(String file, ByteBuffer bytes) {
        int start = bytes.position();
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        CharBuffer decoded = CharBuffer.allocate(8192);
        CoderResult result;
        do {
            result = decoder.decode(bytes, decoded.clear(), true);
        } while (result.isOverflow());
        if (result.isError()) {
            throw new CheckpointException("%s: expected UTF-8, found bytes that are not at byte %d of the text"
                    .formatted(file, bytes.position() - start));
        }
    }

    /** Whether a folder has an entry of this name, be it a link that leads nowhere: reading it will say so. */
    public static boolean isPresent(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** Reads a small text file whole, which must be UTF-8. */
    public static String readText(Path path, int maxBytes) {
        byte[] bytes = readFile(path, maxBytes);
        checkUtf8(path.toString(), ByteBuffer.wrap(bytes));
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Reads a small file whole, refusing one larger than {@code maxBytes} before reading it. */
    public static byte[] readFile(Path path, int maxBytes) {
        requireRegularFile(path, "a text file");
        try (SeekableByteChannel channel = Files.newByteChannel(path)) {
            long size = channel.size();
            if (size > maxBytes) {
                throw new CheckpointException(
                        "%s: expected at most %d bytes, found %d".formatted(path, maxBytes, size));
            }
            ByteBuffer buffer = ByteBuffer.allocate((int) size);
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
                // until full or the file's end
            }
            byte[] bytes = new byte[buffer.position()];
            buffer.flip().get(bytes);
            return bytes;
        } catch (IOException e) {
            throw new CheckpointException("%s: cannot be read: %s".formatted(path, e), e);
        }
    }

    /**
     * Demands a regular file, or a link to one, before it is opened: opening a pipe would hang.
     *
     * @param expected what it should be, for the message
     */
    static void requireRegularFile(Path path, String expected) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new CheckpointException("%s: expected %s, found %s"
                        .formatted(path, expected, attributes.isDirectory() ? "a folder" : "a device or pipe"));
            }
        } catch (NoSuchFileException e) {
            String found = Files.isSymbolicLink(path) ? "a link to nothing" : "no such file";
            throw new CheckpointException("%s: expected %s, found %s".formatted(path, expected, found), e);
        } catch (FileSystemException e) {
            String reason = e.getReason() == null ? e.toString() : e.getReason();
            throw new CheckpointException(
                    "%s: expected %s, found one that cannot be read: %s".formatted(path, expected, reason), e);
        } catch (IOException e) {
            throw new CheckpointException("%s: cannot be read: %s".formatted(path, e), e);
        }
    }

    /** Advances to the next token and demands its kind. */
    public static void expect(JsonParser parser, String file, String where, JsonToken expected) throws IOException {
        if (parser.nextToken() != expected) {
            throw new CheckpointException(
                    "%s: %s: expected %s, found %s".formatted(file, where, name(expected), describe(parser)));
        }
    }

    /** Demands that the document ends here. */
    public static void expectEnd(JsonParser parser, String file, String where) throws IOException {
        if (parser.nextToken() != null) {
            throw new CheckpointException(
                    "%s: %s: expected nothing behind it, found %s".formatted(file, where, describe(parser)));
        }
    }

    /** The exception for JSON that Jackson refuses. */
    public static CheckpointException malformed(String file, String where, IOException cause) {
        String position = "";
        String reason = cause.toString();
        if (cause instanceof JsonProcessingException json) {
            reason = json.getOriginalMessage();
            JsonLocation location = json.getLocation();
            // Violated limits have none.
            if (location != null) {
                position = " in line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
            }
        }
        return new CheckpointException(
                "%s: %s: malformed JSON%s: %s".formatted(file, where, position, shorten(reason)), cause);
    }

    /** The current token, shortened, for messages. */
    public static String describe(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null) {
            return "the end of the file";
        }
        if (!token.isScalarValue()) {
            return name(token);
        }
        return shorten(parser.getText());
    }

    /** Text of a file as messages show it: cut after a line's length, control characters escaped. */
    static String shorten(String text) {
        String cut = text.length() <= MESSAGE_LENGTH ? text : text.substring(0, MESSAGE_LENGTH) + "...";
        return cut.codePoints()
                .mapToObj(c -> Character.isISOControl(c) ? "\\u%04x".formatted(c) : Character.toString(c))
                .collect(Collectors.joining());
    }

    private static String name(JsonToken token) {
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            case VALUE_STRING -> "a string";
            case VALUE_NUMBER_INT -> "an integer";
            case VALUE_NUMBER_FLOAT -> "a number";
            case VALUE_TRUE, VALUE_FALSE -> "a boolean";
            case VALUE_NULL -> "null";
            case FIELD_NAME -> "a field";
            case END_OBJECT, END_ARRAY -> "the end of the value";
            case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT -> token.toString();
        };
    }
}
