package sala.loader;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Set;

/**
 * One safetensors file, mapped read-only; tensors are slices of the map. The format is that of {@link SafetensorsHeader}.
 *
 * <p>The file must not shrink while it is mapped: the JVM turns an access past its new end into an {@link InternalError}.
 */
public final class SafetensorsFile {
    private final String name;
    private final SafetensorsHeader header;
    private final MemorySegment data;

    private SafetensorsFile(String name, SafetensorsHeader header, MemorySegment data) {
        this.name = name;
        this.header = header;
        this.data = data;
    }

    /**
     * Maps a file of any size and checks its header.
     *
     * @param arena owns the map
     * @throws CheckpointException if the file cannot be read or is malformed
     */
    public static SafetensorsFile map(Path path, Arena arena) {
        StrictJson.requireRegularFile(path, "a safetensors file");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return parse(path.toString(), channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
        } catch (IOException e) {
            throw new CheckpointException("%s: cannot be mapped: %s".formatted(path, e), e);
        }
    }

    /**
     * Checks the header of a file that is already in memory.
     *
     * @param name for messages
     */
    public static SafetensorsFile parse(String name, MemorySegment file) {
        long fileBytes = file.byteSize();
        if (fileBytes < Long.BYTES) {
            throw new CheckpointException(
                    "%s: expected at least 8 bytes, found %d: no safetensors file".formatted(name, fileBytes));
        }
        ByteBuffer lengthBytes = file.asSlice(0, Long.BYTES).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = SafetensorsHeader.checkLength(name, lengthBytes.getLong(), fileBytes);
        MemorySegment data = file.asSlice(Long.BYTES + (long) headerBytes);
        SafetensorsHeader header = SafetensorsHeader.parse(
                name, file.asSlice(Long.BYTES, headerBytes).asByteBuffer(), data.byteSize());
        return new SafetensorsFile(name, header, data);
    }

    public String name() {
        return name;
    }

    /** Names of the tensors, ordered by offset. */
    public Set<String> tensorNames() {
        return header.entries().keySet();
    }

    /** The free-form {@code __metadata__} of the header. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    /** Bytes of all tensors. */
    public long dataBytes() {
        return data.byteSize();
    }

    /**
     * A tensor.
     *
     * @throws CheckpointException if the file has none of this name
     */
    public TensorView tensor(String tensorName) {
        SafetensorsHeader.Entry entry = header.entries().get(tensorName);
        if (entry == null) {
            throw new CheckpointException(
                    "%s: no tensor %s%s".formatted(name, tensorName, SimilarNames.hint(tensorName, tensorNames())));
        }
        return new TensorView(
                tensorName,
                entry.dtype(),
                entry.shape(),
                data.asSlice(entry.begin(), entry.end() - entry.begin()),
                name);
    }
}
