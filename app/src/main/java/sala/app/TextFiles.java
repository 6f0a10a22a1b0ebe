package sala.app;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the text files that options name. */
final class TextFiles {
    private TextFiles() {}

    /**
     * The text of a UTF-8 file.
     *
     * @throws CommandException naming the option and the file
     */
    static String read(String option, Path file) {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new CommandException("%s %s is not UTF-8 text".formatted(option, file), e);
        } catch (IOException e) {
            throw new CommandException("%s %s: %s".formatted(option, file, reason(file, e)), e);
        }
    }

    /** Why a file cannot be used, in words. */
    static String reason(Path file, IOException e) {
        if (Files.isDirectory(file)) {
            return "it is a directory, expected a file";
        }
        return switch (e) {
            case NoSuchFileException _ -> "no such file";
            case AccessDeniedException _ -> "no permission";
            default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        };
    }

    /** The text without the line end that editors and {@code echo} put behind it. */
    static String withoutFinalLineEnd(String text) {
        if (text.endsWith("\r\n")) {
            return text.substring(0, text.length() - 2);
        }
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }
}
