package sala.app;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.UncheckedIOException;

/** JSON on standard output, streamed: no tree of the result is ever built. */
final class JsonOutput {
    private JsonOutput() {}

    /** What a command writes. */
    interface Body {
        void write(JsonGenerator json) throws IOException;
    }

    /**
     * Writes one value on one line.
     *
     * @throws OutputClosedException if nobody reads any more
     */
    static void writeLine(CommandStreams streams, Body body) {
        write(streams, body, false);
    }

    /** Writes one value over several lines, for people. */
    static void writePretty(CommandStreams streams, Body body) {
        write(streams, body, true);
    }

    private static void write(CommandStreams streams, Body body, boolean pretty) {
        try (JsonGenerator json = new JsonFactory().createGenerator(streams.out(), JsonEncoding.UTF8)) {
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            if (pretty) {
                json.setPrettyPrinter(new DefaultPrettyPrinter());
            }
            body.write(json);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        streams.out().println();
        streams.checkOutput();
    }

    /** {@code "name":[1,2,3]}. */
    static void writeInts(JsonGenerator json, String name, int[] values) throws IOException {
        json.writeFieldName(name);
        json.writeArray(values, 0, values.length);
    }
}
