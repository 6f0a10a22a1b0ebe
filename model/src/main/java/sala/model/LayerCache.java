package sala.model;

/** What one layer remembers of a conversation, in a form that does not depend on the backend. */
public sealed interface LayerCache permits KvCache, RecurrentState {}
