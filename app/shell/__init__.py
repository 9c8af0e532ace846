"""Streamlit outside of the rooms: session, links, sidebar, and what frames every page."""
