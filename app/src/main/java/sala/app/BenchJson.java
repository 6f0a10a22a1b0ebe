package sala.app;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** An array of objects, or an object per line; beside the fields of the table every sample. */
final class BenchJson implements BenchPrinter {
    private final CommandStreams streams;
    private final boolean asArray;
    private boolean first = true;

    BenchJson(CommandStreams streams, boolean asArray) {
        this.streams = streams;
        this.asArray = asArray;
    }

    @Override
    public void begin() {
        if (asArray) {
            streams.emit("[\n");
        }
    }

    @Override
    public void result(BenchResult result) {
        if (asArray && !first) {
            streams.emit(",\n");
        }
        first = false;
        streams.emit(object(result) + (asArray ? "" : "\n"));
    }

    @Override
    public void end() {
        if (asArray) {
            streams.emit("\n]\n");
        }
    }

    private static String object(BenchResult result) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = new JsonFactory().createGenerator(bytes, JsonEncoding.UTF8)) {
            json.writeStartObject();
            for (Map.Entry<String, Object> field : BenchFields.of(result).entrySet()) {
                json.writeFieldName(field.getKey());
                switch (field.getValue()) {
                    case Long number -> json.writeNumber(number);
                    case Double number when number.isNaN() -> json.writeNull();
                    case Double number -> json.writeNumber(number);
                    default -> json.writeString(field.getValue().toString());
                }
            }
            json.writeFieldName("samples_ns");
            json.writeArray(result.samples().nanos(), 0, result.samples().nanos().length);
            json.writeFieldName("samples_ts");
            writeArray(json, result.samplesTokensPerSecond());
            json.writeFieldName("samples_bandwidth_share");
            writeArray(json, result.bandwidthShares().getValues());
            json.writeFieldName("samples_peak_share");
            writeArray(json, result.peakShares().getValues());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private static void writeArray(JsonGenerator json, double[] values) throws IOException {
        json.writeArray(values, 0, values.length);
    }
}
