package sala.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import sala.loader.DType;

/** Little-endian numbers from a session file whose magic, version, size and checksum are right. */
final class SessionFileReader {
    private final FileChannel channel;
    private final Path file;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN).limit(0);
    /** Offset in the file of what the buffer gives next. */
    private long offset;
    /** Bytes that may be read: all before the checksum. */
    private long end;

    private SessionFileReader(FileChannel channel, Path file, long end) {
        this.channel = channel;
        this.file = file;
        this.end = end;
    }

    /** Reads the whole file once; the reader then stands behind {@code fileBytes}. */
    static SessionFileReader verified(FileChannel channel, Path file) throws IOException {
        long size = channel.size();
        if (size < SessionFileLayout.MIN_FILE_BYTES) {
            throw new SessionFileException("%s: expected a session file of at least %d bytes, found %d"
                    .formatted(file, SessionFileLayout.MIN_FILE_BYTES, size));
        }
        SessionFileReader in = new SessionFileReader(channel, file, size);
        byte[] magic = in.bytes(SessionFile.MAGIC.length, "magic");
        if (!Arrays.equals(magic, SessionFile.MAGIC)) {
            throw in.fault("magic", "the bytes " + Arrays.toString(SessionFile.MAGIC), Arrays.toString(magic));
        }
        int version = in.u32("version");
        if (version != SessionFile.VERSION) {
            throw in.fault("version", SessionFile.VERSION, Integer.toUnsignedString(version));
        }
        long fileBytes = in.u64("fileBytes");
        if (fileBytes != size) {
            throw in.fault(
                    "size of the file",
                    Long.toUnsignedString(fileBytes) + " bytes",
                    size + ", so it was cut or added to");
        }
        long bodyStart = in.offset;
        in.verifyChecksum(size - Integer.BYTES);
        in.seek(bodyStart);
        in.end = size - Integer.BYTES;
        return in;
    }

    private void verifyChecksum(long checkedBytes) throws IOException {
        seek(0);
        CRC32C checksum = new CRC32C();
        while (offset < checkedBytes) {
            require(1, "checksum");
            int count = (int) Math.min(buffer.remaining(), checkedBytes - offset);
            checksum.update(buffer.slice(buffer.position(), count));
            buffer.position(buffer.position() + count);
            offset += count;
        }
        int expected = u32("checksum");
        int found = (int) checksum.getValue();
        if (expected != found) {
            throw fault("checksum", "%08x as stored".formatted(expected), "%08x: the file is damaged".formatted(found));
        }
    }

    private void seek(long newOffset) throws IOException {
        channel.position(newOffset);
        buffer.limit(0);
        offset = newOffset;
    }

    int u8(String field) throws IOException {
        require(Byte.BYTES, field);
        offset += Byte.BYTES;
        return buffer.get() & 0xff;
    }

    int u32(String field) throws IOException {
        require(Integer.BYTES, field);
        offset += Integer.BYTES;
        return buffer.getInt();
    }

    private long u64(String field) throws IOException {
        require(Long.BYTES, field);
        offset += Long.BYTES;
        return buffer.getLong();
    }

    float f32() throws IOException {
        require(Float.BYTES, "logits");
        offset += Float.BYTES;
        return buffer.getFloat();
    }

    /** @param count checked by the caller, or small */
    byte[] bytes(int count, String field) throws IOException {
        byte[] values = new byte[count];
        int done = 0;
        while (done < count) {
            require(1, field);
            int part = Math.min(buffer.remaining(), count - done);
            buffer.get(values, done, part);
            offset += part;
            done += part;
        }
        return values;
    }

    /** @param elementType F32 or F64 */
    void elements(DType elementType, double[] values, int start, int count) throws IOException {
        for (int i = start; i < start + count; i++) {
            require(elementType.bytes(), "caches");
            values[i] = elementType == DType.F64 ? buffer.getDouble() : buffer.getFloat();
            offset += elementType.bytes();
        }
    }

    /** Bytes before the checksum that are still to be read. */
    long remaining() {
        return end - offset;
    }

    /** Fills the buffer unless it has this many bytes. */
    private void require(int bytes, String field) throws IOException {
        if (remaining() < bytes) {
            throw fault(field, bytes + " more bytes", String.valueOf(remaining()));
        }
        if (buffer.remaining() >= bytes) {
            return;
        }
        buffer.compact();
        while (buffer.position() < bytes) {
            if (channel.read(buffer) < 0) {
                buffer.flip();
                throw fault(field, bytes + " more bytes", "the end of the file, which has become shorter");
            }
        }
        buffer.flip();
    }

    SessionFileException fault(String field, Object expected, Object found) {
        return new SessionFileException(
                "%s: %s, before byte %d: expected %s, found %s".formatted(file, field, offset, expected, found));
    }
}
