package sala.loader;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes safetensors files in memory, right ones and wrong ones. */
final class SafetensorsBytes {
    private SafetensorsBytes() {}

    /**
     * A tensor to write.
     *
     * @param data {@code shape} elements of {@code dtype}, little-endian
     */
    record Tensor(String name, DType dtype, Shape shape, byte[] data) {}

    /** A well-formed file; the tensors' data lies in the order of the list. */
    static byte[] write(Map<String, String> metadata, List<Tensor> tensors) {
        StringBuilder header = new StringBuilder("{");
        if (!metadata.isEmpty()) {
            header.append(metadata.entrySet().stream()
                    .map(entry -> quote(entry.getKey()) + ":" + quote(entry.getValue()))
                    .collect(Collectors.joining(",", "\"__metadata__\":{", "}")));
        }
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (Tensor tensor : tensors) {
            header.append(header.length() > 1 ? "," : "")
                    .append("%s:{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                            .formatted(
                                    quote(tensor.name()),
                                    tensor.dtype(),
                                    tensor.shape(),
                                    data.size(),
                                    data.size() + tensor.data().length));
            data.writeBytes(tensor.data());
        }
        header.append("}");
        header.append(" ".repeat(-header.toString().getBytes(StandardCharsets.UTF_8).length & 7));
        return file(header.toString(), data.toByteArray());
    }

    /** A file with this header, right or wrong, behind its true length. */
    static byte[] file(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return file(json.length, json, data);
    }

    /** A file with any length field, header bytes and data. */
    static byte[] file(long length, byte[] header, byte[] data) {
        return ByteBuffer.allocate(Long.BYTES + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(header)
                .put(data)
                .array();
    }

    /** Parses a file in memory; its name in messages is {@code test}. */
    static SafetensorsFile parse(byte[] file) {
        return SafetensorsFile.parse("test", MemorySegment.ofArray(file));
    }

    private static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\' || c < ' ') {
                quoted.append("\\u%04x".formatted((int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
