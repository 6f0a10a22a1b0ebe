package sala.app;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import sala.app.report.ReportException;
import sala.loader.CheckpointException;
import sala.model.BackendUnavailableException;
import sala.model.ContextLengthException;
import sala.model.DeviceException;
import sala.model.MemoryPlanException;
import sala.model.SessionFileException;
import sala.model.generate.SamplingException;

/** One line for the person at the terminal from what went wrong. */
final class FailureMessage {
    private FailureMessage() {}

    static String of(Throwable failure) {
        String message = switch (failure) {
            case CommandException e -> text(e);
            case UsageException e -> text(e);
            case CheckpointException e -> text(e);
            case BackendUnavailableException e -> text(e);
            case DeviceException e -> text(e);
            case MemoryPlanException e -> text(e);
            case SessionFileException e -> text(e);
            case SamplingException e -> text(e);
            case ReportException e -> text(e);
            case ContextLengthException e -> text(e) + " with --context-length N";
            case UncheckedIOException e ->
                Optional.ofNullable(e.getCause())
                        .map(FailureMessage::ofInputOutput)
                        .orElse(text(e));
            case IOException e -> ofInputOutput(e);
            case OutOfMemoryError e ->
                "out of memory (%s): the heap ends at %s; take a smaller --context-length, or give the JVM more: SALA_JAVA_OPTS=-Xmx..."
                        .formatted(
                                e.getMessage(),
                                Quantities.bytes(Runtime.getRuntime().maxMemory()));
            default -> "internal error, %s; --debug shows where".formatted(failure);
        };
        return message.replaceAll("\\s*\\R\\s*", " ");
    }

    private static String ofInputOutput(IOException failure) {
        return switch (failure) {
            case NoSuchFileException e -> e.getFile() + ": no such file or folder";
            case AccessDeniedException e -> e.getFile() + ": no permission";
            default -> text(failure);
        };
    }

    private static String text(Throwable failure) {
        return failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    }
}
