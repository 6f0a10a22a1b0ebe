package sala.loader;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Jackson streaming over untrusted bytes: valid UTF-8 demanded, nesting, strings and numbers bounded, every failure a
 * {@link CheckpointException} that names the file.
 */
public final class StrictJson {
    /** Deepest nesting of any file of a checkpoint. */
    static final int MAX_DEPTH = 64;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(16 << 20)
                    .maxNameLength(1 << 16)
                    .maxNumberLength(64)
                    .build())
            .build();

    private StrictJson() {}

    /** A parser of a whole document; the bytes are checked to be UTF-8 here. */
    public static JsonParser parser(String file, byte[] bytes) throws IOException {
        try {
            // Through characters, since Jackson's own UTF-8 reader accepts some overlong and surrogate forms.
            return FACTORY.createParser(StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new CheckpointException("%s: expected UTF-8, found bytes that are not".formatted(file), e);
        }
    }

    /** Reads a small file whole, refusing one larger than {@code maxBytes} before reading it. */
    public static byte[] readFile(Path path, int maxBytes) {
        if (!Files.isRegularFile(path)) {
            throw new CheckpointException("%s: expected a file, found %s"
                    .formatted(path, Files.isDirectory(path) ? "a folder" : "none that can be read"));
        }
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

    /** Advances to the next token and demands its kind. */
    static void expect(JsonParser parser, String file, String where, JsonToken expected) throws IOException {
        if (parser.nextToken() != expected) {
            throw new CheckpointException(
                    "%s: %s: expected %s, found %s".formatted(file, where, name(expected), describe(parser)));
        }
    }

    /** Demands that the document ends here. */
    static void expectEnd(JsonParser parser, String file, String where) throws IOException {
        if (parser.nextToken() != null) {
            throw new CheckpointException(
                    "%s: %s: expected nothing behind it, found %s".formatted(file, where, describe(parser)));
        }
    }

    /** The exception for JSON that Jackson refuses. */
    public static CheckpointException malformed(String file, String where, IOException cause) {
        String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return new CheckpointException(
                "%s: %s: malformed JSON: %s"
                        .formatted(file, where, reason.lines().findFirst().orElse("")),
                cause);
    }

    /** The current token, shortened, for messages. */
    static String describe(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null) {
            return "the end of the file";
        }
        if (!token.isScalarValue()) {
            return name(token);
        }
        String text = parser.getText();
        return text.length() <= 80 ? text : text.substring(0, 80) + "...";
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
