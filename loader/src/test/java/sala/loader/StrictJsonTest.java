package sala.loader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static sala.loader.Refusal.assertRefused;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StrictJsonTest {
    @TempDir
    Path folder;

    /** Reads a document to its end as every reader of this package does. */
    private static int countTokens(byte[] json) {
        try (JsonParser parser = StrictJson.parser("file", json)) {
            int tokens = 0;
            while (parser.nextToken() != null) {
                parser.getText();
                tokens++;
            }
            return tokens;
        } catch (IOException e) {
            throw StrictJson.malformed("file", "the document", e);
        }
    }

    @Test
    void nestingIsBounded() {
        int depth = StrictJson.MAX_DEPTH;
        assertEquals(2 * depth, countTokens(("[".repeat(depth) + "]".repeat(depth)).getBytes(UTF_8)));
        assertRefused(
                () -> countTokens(("[".repeat(depth + 1) + "]".repeat(depth + 1)).getBytes(UTF_8)),
                "file: the document: malformed JSON: ",
                "depth (65)");
    }

    @Test
    void stringsAndNumbersAreBounded() {
        int length = StrictJson.MAX_NUMBER_LENGTH;
        assertEquals(1, countTokens("1".repeat(length).getBytes(UTF_8)));
        assertRefused(() -> countTokens("1".repeat(length + 1).getBytes(UTF_8)), "file", "malformed JSON");
        String name = "n".repeat(StrictJson.MAX_NAME_LENGTH + 1);
        assertRefused(() -> countTokens(("{\"" + name + "\":1}").getBytes(UTF_8)), "file", "malformed JSON");
        String string = "s".repeat(StrictJson.MAX_STRING_LENGTH + 1);
        assertRefused(() -> countTokens(("[\"" + string + "\"]").getBytes(UTF_8)), "file", "malformed JSON");
    }

    @Test
    void messagesSayWhere() {
        assertRefused(() -> countTokens("{\n  \"a\": ?}".getBytes(UTF_8)), "line 2, column 8");
    }

    @Test
    void charactersOfEveryLengthAreDecoded() throws IOException {
        // Longer than the decoder's buffers, so that characters straddle their ends.
        String text = "aé層🙂".repeat(5001);
        try (JsonParser parser = StrictJson.parser("file", ("\"" + text + "\"").getBytes(UTF_8))) {
            assertEquals(JsonToken.VALUE_STRING, parser.nextToken());
            assertEquals(text, parser.getText());
        }
    }

    @Test
    void malformedBytesFarBehind() {
        byte[] json = ("\"" + "é".repeat(50_000) + "\"").getBytes(UTF_8);
        json[70_000] = '"';
        assertRefused(() -> countTokens(json), "file", "expected UTF-8", "at byte 69999 ");
    }

    @Test
    void filesAreBoundedBeforeTheyAreRead() throws IOException {
        Path small = Files.writeString(folder.resolve("small"), "{}");
        assertArrayEquals(new byte[] {'{', '}'}, StrictJson.readFile(small, 2));
        assertRefused(() -> StrictJson.readFile(small, 1), "small", "expected at most 1 bytes, found 2");
        Path huge = folder.resolve("huge");
        try (FileChannel channel = FileChannel.open(
                huge, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(UTF_8.encode("{"), 1L << 40);
        }
        assertRefused(() -> StrictJson.readFile(huge, 1 << 20), "huge", "expected at most 1048576 bytes");
        assertRefused(() -> StrictJson.readFile(folder, 1 << 20), folder.toString(), "found a folder");
    }
}
